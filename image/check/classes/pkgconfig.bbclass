# Finds libraries; there are none here.
