package dev.vmplane.model;

import java.util.List;
import java.util.Map;

/**
 * What an image says of how it is to be run, as in the OCI image configuration
 * (https://github.com/opencontainers/image-spec/blob/main/config.md). Nothing here is missing: empty lists, an empty map,
 * and null for a text that is not said.
 *
 * @param exposedPorts TCP ports, ascending
 */
public record ImageConfig(
        List<String> entrypoint,
        List<String> cmd,
        Map<String, String> env,
        String workdir,
        String user,
        String stopSignal,
        List<Integer> exposedPorts) {}
