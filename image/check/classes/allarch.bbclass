# Runs on any processor.
