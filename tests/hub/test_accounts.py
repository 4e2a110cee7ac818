"""Accounts: the first administrator, signing in and out, passwords, tokens, invitations, disabling."""

from __future__ import annotations

import asyncio

import pytest

from coterie.hub import passwords
from coterie.hub.actions import logins
from coterie.hub.actions.logins import TRIES_PER_ADDRESS
from coterie.hub.throttle import LONGEST_DELAY, network
from coterie.wire.closing import Closing
from tests.hub.conftest import PASSWORD, Caller, House, MakeSettings, cookies


async def test_the_set_up_link_works_once(house: House) -> None:
    link = await house.setup_link()
    assert link and link.startswith(f"{house.settings.address}/setup#")
    body = {"username": "ada", "display_name": "Ada", "password": PASSWORD, "token": link.partition("#")[2]}
    stranger = house.stranger()
    assert (await stranger.get("/setup"))["needed"]
    assert (await stranger.post("/setup", {**body, "token": "wrong"}, 410))["code"] == "expired"
    me = await stranger.post("/setup", body)
    assert me["administrator"] and (await stranger.get("/me")) == me
    assert not (await stranger.get("/setup"))["needed"]
    await stranger.post("/setup", {**body, "username": "eve"}, 410)
    assert await house.setup_link() is None


async def test_only_the_newest_set_up_link_works(house: House) -> None:
    first, second = await house.setup_link(), await house.setup_link()
    assert first and second
    body = {"username": "ada", "display_name": "Ada", "password": PASSWORD}
    await house.stranger().post("/setup", {**body, "token": first.partition("#")[2]}, 410)
    await house.stranger().post("/setup", {**body, "token": second.partition("#")[2]})


async def test_two_at_once_cannot_both_use_the_set_up_link(house: House) -> None:
    link = await house.setup_link()
    assert link
    bodies = [
        {"username": name, "display_name": name, "password": PASSWORD, "token": link.partition("#")[2]}
        for name in ("ada", "eve")
    ]
    answers = await asyncio.gather(*(house.stranger().http.post("/api/v1/setup", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 410]


async def test_sign_in_and_out(house: House, ada: Caller) -> None:
    other = house.stranger()
    await other.post("/sign-in", {"username": " ADA ", "password": PASSWORD})
    assert (await other.get("/me"))["username"] == "ada"
    await other.post("/sign-out", status=204)
    assert not other.http.cookies
    assert (await other.get("/me", 401))["code"] == "signed-out"
    await ada.get("/me")
    assert house.revocations.calls[-1]["closing"] is Closing.SIGNED_OUT
    assert house.revocations.calls[-1]["login"]


async def test_a_copied_cookie_is_worthless_after_signing_out(house: House, ada: Caller) -> None:
    copy = house.stranger()
    copy.http.cookies.update(ada.http.cookies)
    await copy.get("/me")
    await ada.post("/sign-out")
    await copy.get("/me", 401)


async def test_cookie_attributes(house: House, make_settings: MakeSettings, ada: Caller) -> None:
    answer = await ada.http.post("/api/v1/sign-in", json={"username": "ada", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("coterie_session=")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie and "Secure" not in cookie
    house.hub.settings = make_settings(public_url="https://hub.test")
    answer = await ada.http.post("/api/v1/sign-in", json={"username": "ada", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-coterie_session=") and "Secure" in cookie and "Domain" not in cookie


async def test_wrong_passwords_and_unknown_names_are_alike(house: House, ada: Caller) -> None:
    stranger = house.stranger()
    wrong = await stranger.post("/sign-in", {"username": "ada", "password": "wrong"}, 401)
    unknown = await stranger.post("/sign-in", {"username": "nobody", "password": "wrong"}, 401)
    assert wrong == unknown and wrong["code"] == "wrong-password"
    refused = [entry for entry in await ada.get("/audit") if entry["action"] == "login.refuse"]
    assert [entry["target"] for entry in refused] == ["nobody", "ada"]
    assert "wrong" not in str(refused)


async def test_guessing_is_stopped_for_who_guesses(house: House, ada: Caller) -> None:
    stranger = house.stranger("192.0.2.9")
    for _ in range(house.settings.sign_in_tries):
        await stranger.post("/sign-in", {"username": "ada", "password": "wrong"}, 401)
    refused = await stranger.post("/sign-in", {"username": "ada", "password": PASSWORD}, 429)
    assert refused["code"] == "too-fast" and "minutes" in refused["sentence"]
    await house.stranger("192.0.2.9").post("/sign-in", {"username": "grace", "password": "wrong"}, 401)


async def test_nobody_is_shut_out_by_others_who_guess(
    house: House, ada: Caller, grace: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(logins, "sleep", sleep)
    tries = house.settings.sign_in_tries
    for name in ("ada", "nobody"):
        for number in range(4 * tries):
            guesser = house.stranger(f"192.0.2.{100 + number % 8}")
            await guesser.post("/sign-in", {"username": name, "password": "wrong"}, 401)
    guesses = waited[: 4 * tries], waited[4 * tries :]
    assert guesses[0] == guesses[1], "a name that is nobody's is slowed down alike"
    assert guesses[0][:tries] == [0] * tries and guesses[0][-1] == LONGEST_DELAY

    # She who knows the password waits as long as the guessers do, and is let in. Her success does not help them.
    for _ in range(2):
        await house.stranger("192.0.2.1").post("/sign-in", {"username": "ada", "password": PASSWORD})
        assert waited[-1] == LONGEST_DELAY
    await house.stranger("192.0.2.1").post("/sign-in", {"username": "grace", "password": PASSWORD})
    assert waited[-1] == 0
    assert [entry["target"] for entry in await ada.get("/audit")].count("ada") >= 4 * tries


async def test_guessing_many_at_once_is_no_way_around(house: House, ada: Caller) -> None:
    stranger = house.stranger("192.0.2.9")
    tries = [
        stranger.http.post("/api/v1/sign-in", json={"username": "ada", "password": "wrong"})
        for _ in range(house.settings.sign_in_tries + 5)
    ]
    statuses = [answer.status_code for answer in await asyncio.gather(*tries)]
    assert statuses.count(401) == house.settings.sign_in_tries and statuses.count(429) == 5


async def test_one_ipv6_network_counts_as_one_address(house: House, ada: Caller) -> None:
    for number in range(house.settings.sign_in_tries * TRIES_PER_ADDRESS):
        house.hub.throttle.count(f"address {network(f'2001:db8::{number:x}')}", 10_000)
    await house.stranger("2001:db8::ffff:1").post("/sign-in", {"username": "ada", "password": PASSWORD}, 429)
    await house.stranger("2001:db8:0:1::1").post("/sign-in", {"username": "ada", "password": PASSWORD})


async def test_sign_out_everywhere(house: House, ada: Caller) -> None:
    other = house.stranger()
    await other.post("/sign-in", {"username": "ada", "password": PASSWORD})
    await ada.post("/sign-out-everywhere", status=204)
    await other.get("/me", 401)
    await ada.get("/me", 401)
    assert len(house.revocations.closings(closing=Closing.SIGNED_OUT)) == 2


async def test_a_new_password_ends_the_other_logins(house: House, ada: Caller) -> None:
    other = house.stranger()
    await other.post("/sign-in", {"username": "ada", "password": PASSWORD})
    await ada.post("/me/password", {"current": "wrong", "new": "another passphrase"}, 401)
    await other.get("/me")
    await ada.post("/me/password", {"current": PASSWORD, "new": "another passphrase"}, 204)
    await other.get("/me", 401)
    await ada.get("/me")
    assert len(house.revocations.calls) == 1
    await other.post("/sign-in", {"username": "ada", "password": PASSWORD}, 401)
    await other.post("/sign-in", {"username": "ada", "password": "another passphrase"})


async def test_tokens(house: House, ada: Caller, grace: Caller) -> None:
    made = await ada.post("/me/tokens", {"name": "laptop", "days": 30}, 201)
    assert made["token"].startswith(made["prefix"]) and made["expires"]
    program = house.stranger()
    del program.http.headers["origin"]
    program.http.headers["authorization"] = f"Bearer {made['token']}"
    assert (await program.get("/me"))["username"] == "ada"
    await program.post("/workspaces", {"name": "By program"}, 201)
    refused = await program.post("/me/tokens", {"name": "outlives its maker"}, 403)
    assert "token cannot make another" in refused["sentence"]
    await house.hub.seen.save()
    shown = (await ada.get("/me/tokens"))[0]
    assert "token" not in shown and shown["last_used"]
    await grace.delete(f"/me/tokens/{made['id']}", status=404)
    await ada.delete(f"/me/tokens/{made['id']}", status=204)
    await program.get("/me", 401)
    assert house.revocations.closings(login=made["id"]) == [Closing.SIGNED_OUT]


async def test_the_database_holds_no_secret(house: House, ada: Caller) -> None:
    token = (await ada.post("/me/tokens", {"name": "laptop"}))["token"]
    invitation = (await ada.post("/invitations", {}))["token"]
    cookie = next(iter(ada.http.cookies.values()))
    async with house.hub.database.engine.connect() as connection:
        for table in ("logins", "tokens", "invitations", "setup_tokens", "users", "audit"):
            rows = str((await connection.exec_driver_sql(f"SELECT * FROM {table}")).all())
            assert not any(secret in rows for secret in (token, invitation, cookie, PASSWORD))


async def test_invitations(house: House, ada: Caller, grace: Caller) -> None:
    made = await ada.post("/invitations", {"uses": 1, "days": 1, "note": "for Alan"}, 201)
    assert made["link"] == f"{house.settings.address}/join#{made['token']}"
    assert (await ada.get("/invitations"))[0]["note"] == "for Alan"
    await grace.get("/invitations", 403)
    stranger = house.stranger()
    found = await stranger.post("/invitations/look-up", {"token": made["token"]})
    assert found["invited_by"] == "Ada Lovelace"
    body = {"username": "alan", "display_name": "Alan", "password": PASSWORD, "token": made["token"]}
    taken = await stranger.post("/register", {**body, "username": "grace"}, 409)
    assert taken["code"] == "taken"
    await stranger.post("/register", body)
    await house.stranger().post("/register", {**body, "username": "eve"}, 410)
    await house.stranger().post("/invitations/look-up", {"token": made["token"]}, 410)


async def test_an_invitation_for_one_lets_one_in(house: House, ada: Caller) -> None:
    token = (await ada.post("/invitations", {}))["token"]
    bodies = [{"username": f"user{i}", "display_name": "U", "password": PASSWORD, "token": token} for i in range(4)]
    answers = await asyncio.gather(*(house.stranger().http.post("/api/v1/register", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410]


async def test_a_revoked_invitation_is_useless(house: House, ada: Caller) -> None:
    made = await ada.post("/invitations", {})
    await ada.delete(f"/invitations/{made['id']}", status=204)
    await ada.delete(f"/invitations/{made['id']}", status=404)
    await house.stranger().post("/invitations/look-up", {"token": made["token"]}, 410)


@pytest.mark.parametrize(("registration", "status"), [("closed", 403), ("open", 200)])
async def test_registration(make_settings: MakeSettings, registration: str, status: int) -> None:
    async with House(make_settings(registration=registration)).open() as house:
        body = {"username": "eve", "display_name": "Eve", "password": PASSWORD}
        await house.stranger().post("/register", body, status)


WRONG = [
    *(("username", value) for value in ("Ada", "1ada", "a" * 40, "a/b", "", "a\n")),
    *(("display_name", value) for value in (" ", "a\0b", "a\ud800", "x" * 81)),
    *(("password", value) for value in ("short", "x" * 1025)),
]


async def test_what_cannot_be_an_account(house: House, ada: Caller) -> None:
    token = (await ada.post("/invitations", {}))["token"]
    for field, value in WRONG:
        body = {"username": "eve", "display_name": "Eve", "password": PASSWORD, "token": token, field: value}
        refused = await house.stranger().post("/register", body, 422)
        assert refused["code"] == "invalid" and list(refused["fields"]) == [field] and refused["fields"][field]


async def test_changing_oneself(ada: Caller) -> None:
    me = await ada.call("PATCH", "/me", {"display_name": "Countess", "colour": 3, "email": "ada@example.org"})
    assert (me["display_name"], me["colour"], me["email"]) == ("Countess", 3, "ada@example.org")
    assert await ada.get("/me") == me
    await ada.call("PATCH", "/me", {"administrator": False}, 422)
    await ada.call("PATCH", "/me", {"email": "nonsense"}, 422)


async def test_finding_people(house: House, ada: Caller, grace: Caller) -> None:
    assert [p["username"] for p in await ada.get("/users?query=gr")] == ["grace"]
    assert [p["username"] for p in await ada.get("/users?query=HOP")] == []
    assert [p["username"] for p in await ada.get("/users?query=grace h")] == ["grace"]
    assert await ada.get("/users?query=%25%25") == []
    await ada.get("/users?query=g", 422)
    await house.stranger().get("/users?query=grace", 401)
    assert set((await ada.get("/users?query=gr"))[0]) == {"id", "username", "display_name", "colour"}


async def test_disabling_an_account_shuts_it_out(house: House, ada: Caller, grace: Caller) -> None:
    token = (await grace.post("/me/tokens", {"name": "t"}))["token"]
    path = f"/admin/users/{grace.me['id']}"
    await grace.call("PATCH", path, {"disabled": True}, 403)
    assert (await ada.call("PATCH", path, {"disabled": True}))["disabled"]
    await grace.get("/me", 401)
    program = house.stranger()
    program.http.headers["authorization"] = f"Bearer {token}"
    await program.get("/me", 401)
    assert house.revocations.closings(user=grace.me["id"]) == [Closing.SIGNED_OUT]
    refused = await grace.post("/sign-in", {"username": "grace", "password": PASSWORD}, 403)
    assert "disabled" in refused["sentence"]
    await grace.post("/sign-in", {"username": "grace", "password": "wrong"}, 401)
    assert await ada.get("/users?query=grace") == []
    await ada.call("PATCH", path, {"disabled": False})
    await grace.post("/sign-in", {"username": "grace", "password": PASSWORD})


async def test_the_last_administrator_stays(ada: Caller, grace: Caller) -> None:
    own, hers = (f"/admin/users/{caller.me['id']}" for caller in (ada, grace))
    assert (await ada.call("PATCH", own, {"disabled": True}, 409))["code"] == "conflict"
    await ada.call("PATCH", own, {"administrator": False}, 409)
    await ada.call("PATCH", hers, {"administrator": True})
    await ada.call("PATCH", own, {"administrator": False})
    await ada.get("/admin/users", 403)
    assert [user["username"] for user in await grace.get("/admin/users")] == ["ada", "grace"]


async def test_an_administrator_gives_a_new_password(house: House, ada: Caller, grace: Caller) -> None:
    await ada.post(f"/admin/users/{grace.me['id']}/password", {"password": "given by ada"}, 204)
    await grace.get("/me", 401)
    await grace.post("/sign-in", {"username": "grace", "password": "given by ada"})


async def test_authenticate_outside_of_routes(house: House, grace: Caller) -> None:
    identity = await house.hub.authenticate(cookies(grace))
    assert (identity.username, identity.user) == ("grace", grace.me["id"])


def test_an_unknown_username_takes_as_long() -> None:
    assert not passwords.outdated(passwords._NOBODY)
