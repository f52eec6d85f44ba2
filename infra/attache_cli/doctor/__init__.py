"""`attache doctor`: what is wrong with a deployment and what to do; each module checks one part."""
