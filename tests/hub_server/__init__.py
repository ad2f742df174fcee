"""A Hub for tests: what the real client asks for, over HTTP, from repositories with real commits in a folder.

python -m tests.hub_server FOLDER runs one by hand; tests start one with `tests.hub_server.running.start_hub`.
"""
