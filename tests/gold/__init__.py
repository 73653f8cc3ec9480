"""Questions over the seeds, and the script that finds their offsets."""
