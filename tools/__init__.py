"""What a checkout needs and the product does not contain."""
