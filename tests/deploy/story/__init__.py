"""The story of the whole: a project, its pushes to a real server, and the visitors of its site."""
