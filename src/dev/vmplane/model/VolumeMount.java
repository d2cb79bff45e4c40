package dev.vmplane.model;

/**
 * A named disk of the tenant that outlives the VM.
 *
 * @param name one of the tenant's own
 * @param mount absolute path in the guest
 */
public record VolumeMount(String name, String mount, int sizeMib) {}
