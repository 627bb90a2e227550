"""Training and judging networks. Knows ``imaging`` and Keras, and nothing of the web."""
