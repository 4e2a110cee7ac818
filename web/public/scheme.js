// Sets light or dark before the first paint; a file of its own, so that the content security policy needs no inline scripts.
(function () {
  var chosen = null;
  try {
    chosen = localStorage.getItem("coterie-scheme");
  } catch (_) {}
  var dark = chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
