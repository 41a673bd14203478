"""An account's data as a whole: taken out as one archive, brought in from another host."""
