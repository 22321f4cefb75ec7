"""Checks that hold for the whole house, whoever adds a room."""
