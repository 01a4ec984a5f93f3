"""`manage.py rolf`: web server and worker in one process tree."""
