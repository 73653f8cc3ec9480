"""The routes, one file per thing they are about. They translate; the work is done in `qa`."""
