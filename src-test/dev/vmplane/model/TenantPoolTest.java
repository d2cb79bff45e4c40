package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A warm pool that is one tenant's alone. */
class TenantPoolTest {
    private final SpecReader reader = new SpecReader(new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of());

    @Test
    void itsVmsAreNobodyElsesToTake() {
        var own = wish("red", Map.of("min", 1, "tenant", "red")).spec();
        var shared = wish("red", Map.of("min", 1)).spec();

        assertThat(SpecHash.of(own.boot())).isNotEqualTo(SpecHash.of(shared.boot()));
        assertThat(own.boot().tenant()).isEqualTo("red");
    }

    @Test
    void itIsReadBackAsItWasWritten() {
        var spec = wish("red", Map.of("min", 1, "tenant", "red")).spec();

        assertThat(SpecDocument.read(SpecDocument.of(spec))).isEqualTo(spec);
        assertThat(BootDocument.read(BootDocument.of(spec.boot()))).isEqualTo(spec.boot());
    }

    @Test
    void itCannotBeOfAnotherTenant() {
        var refused =
                catchThrowableOfType(RefusedException.class, () -> wish("red", Map.of("min", 1, "tenant", "blue")));

        assertThat(refused.refusal().field()).isEqualTo("spec.warm_pool.tenant");
        assertThat(refused.refusal().code()).isEqualTo("other_tenant");
    }

    private Wish wish(String tenant, Map<String, Object> pool) {
        var spec = Map.of("cmd", List.of("/app"), "warm_pool", pool);
        return reader.read(Map.of("job_id", "a", "tenant", tenant, "spec", spec));
    }
}
