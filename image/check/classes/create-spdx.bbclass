# The bill of materials; bitbake writes it, not this check.
