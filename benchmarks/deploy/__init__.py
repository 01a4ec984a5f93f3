"""What a push costs beside its peers, and what a stage, a line and a host cost."""
