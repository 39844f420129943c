module lab/whoami

go 1.24
