package dev.vmplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vmplane.model.PinnedImage;
import dev.vmplane.model.RefusedException;
import dev.vmplane.model.SpecReader;
import dev.vmplane.model.Wish;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DesiredVmsTest {
    private final DesiredVms desired = new DesiredVms(
            "d.yaml",
            new SpecReader(
                    new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of("web", Map.of("cmd", List.of("/app")))));

    @Test
    void everyRequestIsReadInItsOrder() {
        var wishes = desired.read("vms:\n- {job_id: b, spec: {role: web}}\n- {job_id: a, spec: {role: web}}\n")
                .wishes(Map.of());

        assertThat(wishes).extracting(Wish::jobId).containsExactly("b", "a");
    }

    @Test
    void jobsWithImagesAreReadOnceTheirImagesAreKnown() {
        var draft = desired.read("""
                vms:
                - {job_id: a, spec: {image: 'nginx:1'}}
                - {job_id: b, spec: {image: 'gone:1'}}
                - {job_id: c, spec: {role: web}}
                """);
        var pin = new PinnedImage("docker.io/library/nginx:1@" + Pictures.digest('a'), Pictures.CONFIG);

        var wishes = draft.wishes(Map.of("a", pin));

        assertThat(draft.images()).isEqualTo(Map.of("a", "nginx:1", "b", "gone:1"));
        assertThat(wishes).extracting(Wish::jobId).containsExactly("a", "c");
        assertThat(wishes.get(0).spec().image()).isEqualTo(pin.reference());
        assertThat(wishes.get(0).spec().boot().image()).contains(pin.digest());
    }

    @Test
    void nothingIsDesiredOnlyWhenThatIsSaid() {
        assertThat(desired.read("vms: []").wishes(Map.of())).isEmpty();
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            quoteCharacter = '|',
            delimiter = ';',
            value = {
                "; d.yaml:1: vms cannot be left out: a list, [] if no VM is to run",
                "vms: [; d.yaml: line 1, column 7: expected the node content",
                "vms: {}; d.yaml:1: vms cannot be an object: a list of objects",
                "#%vms: [a]; d.yaml:2: vms[0] cannot be a text: an object",
                "vms: []%wms: []; d.yaml:2: wms cannot be set: there is no such field, did you mean vms?",
                "vms:%- job_id: a%  spec:%    rolle: web; d.yaml:4: vms[0].spec.rolle cannot be set",
                "vms:%- job_id: a%  spec:%    image: No; d.yaml:4: image cannot be 'No'",
                "vms:%- job_id: a; d.yaml:2: vms[0].spec cannot be left out",
                "vms:%- {job_id: a, spec: {role: web}}%- {job_id: a, spec: {role: web}};"
                        + "d.yaml:3: vms[1].job_id cannot be 'a': it is declared above",
            })
    void isRefusedWithItsLine(String text, String message) {
        var lines = text == null ? "" : text.replace('%', '\n');

        var refused = catchThrowableOfType(RefusedException.class, () -> desired.read(lines));

        assertThat(refused.getMessage()).startsWith(message);
    }
}
