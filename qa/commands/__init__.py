"""The commands, as plain functions that ``qa.cli`` gives names. They import late, to start fast."""
