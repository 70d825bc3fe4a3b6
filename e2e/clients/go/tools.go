//go:build tools

// Package tools names what is built from the library: its own simulators, unchanged.
package tools

import (
	_ "github.com/lorenzodonini/ocpp-go/example/1.6/cp"
	_ "github.com/lorenzodonini/ocpp-go/example/2.0.1/chargingstation"
)
