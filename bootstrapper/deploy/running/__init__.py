"""Run the processes of stages: start, read, time and end them."""
