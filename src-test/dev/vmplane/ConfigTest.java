package dev.vmplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.vmplane.model.Backend;
import dev.vmplane.pool.Room;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTest {
    private static final Path SHIPPED = Path.of("conf", "vmplane.yaml");

    /** A key that is commented out: a # and the key, with an even number of spaces between them. */
    private static final Pattern COMMENTED_KEY = Pattern.compile("(?m)^#((?:  )*[a-z_]+:)");

    /** Keys that hold no single value and are therefore set by no variable. */
    private static final Set<String> LISTS =
            Set.of("network.grants", "images.registries_allowed", "images.registries_plain_http");

    @Test
    void theFileAsShippedSaysWhatHoldsWithoutIt() {
        var shipped = Config.load(SHIPPED, Map.of(), "host-1");

        var without = read("", Map.of());

        assertThat(shipped).usingRecursiveComparison().ignoringFields("roles").isEqualTo(without);
    }

    @Test
    void theFileAsShippedExplainsEveryKeyAndNoOther() throws IOException {
        var everything = COMMENTED_KEY.matcher(Files.readString(SHIPPED)).replaceAll("$1");
        var document = YamlDocument.parse(everything);
        var source = new ConfigSource("conf/vmplane.yaml", document, Map.of());
        ConfigReader.read(source, "host-1");

        var paths = document.lines().keySet();
        var explained = paths.stream()
                .filter(path -> !path.startsWith("roles") && !LISTS.contains(path))
                .filter(path -> paths.stream().noneMatch(below -> below.startsWith(path + ".")))
                .collect(Collectors.toSet());

        assertThat(explained).isEqualTo(source.keys());
    }

    @Test
    void theShippedRoleMakesTheFirstExampleComplete() {
        var reader = Config.load(SHIPPED, Map.of(), "host-1").specReader();

        var wish = reader.read(Map.of(
                "job_id", "j3", "spec", Map.of("role", "web", "env", Map.of("PORT", 4000, "SECRET_KEY_BASE", "x"))));

        assertThat(wish.spec().boot().program().cmd()).containsExactly("/app/bin/server");
        assertThat(wish.spec().boot().port()).isEqualTo(4000);
        assertThat(wish.spec().boot().health().port()).isEqualTo(4000);
        assertThat(wish.spec().boot().health().path()).isEqualTo("/health");
    }

    @Test
    void theShippedVmsAreUnderstood() throws IOException {
        var reader = Config.load(SHIPPED, Map.of(), "host-1").specReader();
        var file = Path.of("conf", "desired-vms.yaml");

        var wishes = new DesiredVms(file.toString(), reader)
                .read(Files.readString(file))
                .wishes(Map.of());

        assertThat(wishes).extracting(wish -> wish.jobId()).containsExactly("hello");
    }

    @Test
    void imagesLieInTheStateDirectoryUnlessSomebodySays() {
        var config = read("state_dir: /var/lib/vmplane\n", Map.of());

        assertThat(config.imageDir()).isEqualTo(Path.of("/var/lib/vmplane/images"));
    }

    @Test
    void theEnvironmentWinsOverTheFile() {
        var config = read(
                "api: {port: 1}\nbackend: qemu\nlimits: {boot_ms: 5000}\nnode: a\n",
                Map.of(
                        "VMPLANE_API_PORT", "9000",
                        "FC_BACKEND", "simulator",
                        "VMPLANE_LIMITS_BOOT_MS", "7000",
                        "VMPLANE_NODE", "42",
                        "FC_KERNEL", "vmlinux-6.1",
                        "VMPLANE_LOG_FORMAT", "json",
                        "PATH", "/bin"));

        assertThat(config.api().port()).isEqualTo(9000);
        assertThat(config.backend()).isEqualTo(Backend.SIMULATOR);
        assertThat(config.limits().boot()).isEqualTo(Duration.ofSeconds(7));
        assertThat(config.node()).isEqualTo("42");
        assertThat(config.log().format()).isEqualTo(Config.Log.Format.JSON);
        assertThat(config.defaults().kernel()).isEqualTo("vmlinux-6.1");
    }

    @Test
    void anEmptyVariableSetsNothing() {
        var config = read("backend: qemu\n", Map.of("FC_BACKEND", "", "VMPLANE_API_PORT", ""));

        assertThat(config.backend()).isEqualTo(Backend.QEMU);
        assertThat(config.api().port()).isEqualTo(8088);
    }

    @ParameterizedTest(name = "parallel {0} on {1} with {2} processors: {3}")
    @CsvSource({"0, QEMU, 4, 4", "0, SIMULATOR, 4, 64", "7, QEMU, 4, 7", "7, SIMULATOR, 4, 7"})
    void bootSlotsDependOnTheHostUnlessSomebodySays(int parallel, Backend backend, int processors, int limit) {
        assertThat(new Config.Boots(parallel).limit(backend, processors)).isEqualTo(limit);
    }

    @ParameterizedTest(name = "{0} processors and {1} MiB on {2}: {3} vcpus and {4} MiB")
    @CsvSource({"0, 0, QEMU, 16, 7488", "2, 1024, QEMU, 8, 512", "0, 100, QEMU, 16, 0", "2, 1024, SIMULATOR, 8, 512"})
    void theRoomForVmsDependsOnTheHostUnlessSomebodySays(
            int processors, int memoryMib, Backend backend, long vcpus, long roomMib) {
        var capacity = new Config.Capacity(processors, 4, memoryMib, 512);

        assertThat(capacity.limit(backend, 4, 8000)).isEqualTo(new Room(vcpus, roomMib));
    }

    @Test
    void simulatedVmsEndNowhereUnlessSomebodySays() {
        var capacity = new Config.Capacity(0, 4, 0, 512);

        assertThat(capacity.limit(Backend.SIMULATOR, 4, 8000)).isEqualTo(Room.UNLIMITED);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("faults")
    void isRefusedWithItsLine(String text, String fault) {
        var refused = catchThrowableOfType(ConfigException.class, () -> read(text, Map.of()));

        assertThat(refused.faults()).containsExactly(fault);
    }

    static Stream<Arguments> faults() {
        return Stream.of(
                arguments(
                        "node: a\napi:\n  port: x\n",
                        "c.yaml:3: api.port cannot be 'x': a whole number from 0 to 65535"),
                arguments("api: {port: 65536}", "c.yaml:1: api.port cannot be 65536: a whole number from 0 to 65535"),
                arguments("api:\n", "c.yaml:1: api cannot be null: leave the field out instead"),
                arguments(
                        "\napi:\n  prot: 1\n",
                        "c.yaml:3: api.prot cannot be set: there is no such field, did you mean port?"),
                arguments(
                        "\n\nbackend: xen\n",
                        "c.yaml:3: backend cannot be 'xen': one of firecracker, cloud_hypervisor, qemu, simulator"),
                arguments(
                        "kernel: /boot/vmlinuz",
                        "c.yaml:1: kernel cannot be '/boot/vmlinuz': the name of a file in the image directory,"
                                + " without a slash"),
                arguments(
                        "address_range: 127.0.0.256/8",
                        "c.yaml:1: address_range cannot be '127.0.0.256/8': an IPv4 network such as 10.88.0.0/16, with"
                                + " a prefix length from 8 to 30"),
                arguments(
                        "network:\n  bridge: Bridge-0\n",
                        "c.yaml:2: network.bridge cannot be 'Bridge-0': 1 to 15 of the characters a-z and 0-9, a letter"
                                + " first"),
                arguments(
                        "network:\n  grants: ['tenant:red']\n",
                        "c.yaml:2: network.grants cannot hold a tenant: that is for the VM's own spec to allow"),
                arguments(
                        "images:\n  registries_allowed: ['http://a']\n",
                        "c.yaml:2: images.registries_allowed cannot hold 'http://a': a host such as registry.lan:5000"),
                arguments(
                        "roles:\n  web:\n    allow: [metadata]\n",
                        "c.yaml:3: roles.web.allow cannot hold 'metadata': the operator of this host has not granted it"),
                arguments(
                        "backoff:\n  max_ms: 5000\n  first_ms: 6000\n",
                        "c.yaml:3: backoff.first_ms cannot be more than max_ms"),
                arguments(
                        "roles:\n  web:\n    resources:\n      vcpu: 99\n",
                        "c.yaml:4: roles.web.resources.vcpu cannot be 99: a whole number from 1 to 32"),
                arguments(
                        "roles:\n  web:\n    role: db\n",
                        "c.yaml:3: roles.web.role cannot be set: roles do not build on roles"),
                arguments(
                        "cgroups: {mode: maybe, parent: /a}",
                        "c.yaml:1: cgroups.mode cannot be 'maybe': one of auto, on, off"),
                arguments(
                        "cgroups: {parent: /a/../b}",
                        "c.yaml:1: cgroups.parent cannot be '/a/../b': the path of a cgroup below the mount, such as"
                                + " /vmplane.slice"),
                arguments("log: {format: xml}", "c.yaml:1: log.format cannot be 'xml': one of text, json"),
                arguments("roles:\n  web:\n", "c.yaml:2: roles.web cannot be null: leave the field out instead"),
                arguments(
                        "roles:\n  Web: {}\n",
                        "c.yaml:2: roles.Web cannot be the name of a role: 1 to 63 of the characters a-z, 0-9 and -,"
                                + " with no - at either end"),
                arguments("a: 1\na: 2\n", "c.yaml: line 2: a cannot be written twice"));
    }

    @ParameterizedTest(name = "{0}={1}")
    @CsvSource(
            quoteCharacter = '|',
            delimiter = ';',
            value = {
                "VMPLANE_API_PORT; x; VMPLANE_API_PORT: api.port cannot be 'x': a whole number from 0 to 65535",
                "FC_BACKEND; xen; FC_BACKEND: backend cannot be 'xen': one of firecracker, cloud_hypervisor, qemu, simulator",
                "VMPLANE_API_PROT; 1; VMPLANE_API_PROT cannot be set: there is no such variable,"
                        + " did you mean VMPLANE_API_PORT?",
                "VMPLANE_BACKEND; qemu; VMPLANE_BACKEND cannot be set: there is no such variable,"
                        + " did you mean FC_BACKEND?",
                "VMPLANE_ROLES; {}; VMPLANE_ROLES cannot be set: there is no such variable",
            })
    void aVariableIsRefusedByItsName(String variable, String value, String fault) {
        var refused = catchThrowableOfType(ConfigException.class, () -> read("", Map.of(variable, value)));

        assertThat(refused.faults()).containsExactly(fault);
    }

    @ParameterizedTest
    @ValueSource(strings = {"VMPLANE_SERVER", "VMPLANE_INGRESS"})
    void aVariableOfTheCommandsThatAskAServerIsNotRefused(String variable) {
        assertThat(read("", Map.of(variable, "http://127.0.0.1:9"))).isEqualTo(read("", Map.of()));
    }

    @Test
    void everythingThatIsWrongIsSaidAtOnce() {
        var text = "api: {port: x}\ningress: {prot: 1}\nroles: {a: {cdm: [x]}, b: {port: 0}}\n";

        var refused = catchThrowableOfType(
                ConfigException.class, () -> read(text, Map.of("FC_ROOTFS", "/x", "VMPLANE_X", "1")));

        assertThat(refused.faults()).hasSize(6);
        assertThat(refused.getMessage()).hasLineCount(6);
    }

    @Test
    void aMissingFileIsNamed(@TempDir Path directory) {
        var missing = directory.resolve("vmplane.yaml");

        var refused = catchThrowableOfType(ConfigException.class, () -> Config.load(missing, Map.of(), "host-1"));

        assertThat(refused).hasMessage(missing + " cannot be read: there is no such file");
    }

    private static Config read(String text, Map<String, String> environment) {
        return ConfigReader.read("c.yaml", text, environment, "host-1");
    }
}
