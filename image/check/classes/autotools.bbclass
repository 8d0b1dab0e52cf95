# Configures and makes.
