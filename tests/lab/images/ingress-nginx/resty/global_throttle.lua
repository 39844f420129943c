-- Loaded by ingress-nginx, used only by features that the lab does not run.
return {}
