# One package a module.
