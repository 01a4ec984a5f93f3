"""What the ve needs of the operating system."""
