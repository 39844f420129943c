// Package ext stands in for Traefik's own, which the module proxy does not serve: empty there, too.
package ext

// HTTP adds nothing to the HTTP configuration.
type HTTP struct{}

// Router adds nothing to a router.
type Router struct{}
