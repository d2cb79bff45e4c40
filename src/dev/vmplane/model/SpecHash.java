package dev.vmplane.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names what boots: jobs of one hash can take each other's warm VMs. */
public final class SpecHash {
    private SpecHash() {}

    /** SHA-256, in 64 hexadecimal digits, of the canonical JSON of everything in {@code boot}. */
    public static String of(Boot boot) {
        var json = CanonicalJson.of(BootDocument.of(boot)).getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(sha256().digest(json));
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }
}
