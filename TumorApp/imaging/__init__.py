"""The core: bytes in, findings out. Knows neither Django, nor Keras, nor a database."""
