# Asks for features of the distribution.
