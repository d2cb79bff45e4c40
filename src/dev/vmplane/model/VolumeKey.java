package dev.vmplane.model;

/** Which volume: names are a tenant's own. */
public record VolumeKey(String tenant, String name) {

    /** One text for both, in whose order volumes are listed; neither part can hold a slash. */
    public String text() {
        return tenant + "/" + name;
    }
}
