"""The benchmark harness: starts gateways side by side, loads them in alternating rounds and accounts for their CPU."""
