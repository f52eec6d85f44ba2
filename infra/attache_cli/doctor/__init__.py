"""`attache doctor`: what is wrong with a deployment and what to do, each check in the file of what it looks at."""
