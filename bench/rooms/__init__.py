"""Document servers side by side: what each is started with and wants to hear, and the load they all meet."""
