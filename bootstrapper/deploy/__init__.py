"""A deployment: its definition, its stages run as a push, told as events and kept in a journal."""
