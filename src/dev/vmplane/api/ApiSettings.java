package dev.vmplane.api;

/** Where the API listens. */
public record ApiSettings(String host, int port) {}
