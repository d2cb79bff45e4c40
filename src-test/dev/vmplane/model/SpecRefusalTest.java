package dev.vmplane.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a spec cannot be: each row is one request, the code it is refused with, and the field at fault. */
class SpecRefusalTest {
    private static final String SURROGATE = "\ud800";

    /** Single quotes keep the table readable. */
    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonReadFeature.ALLOW_SINGLE_QUOTES).build();

    private final SpecReader reader = new SpecReader(
            new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of("web", Map.of("cmd", List.of("/app"))));

    @ParameterizedTest(name = "{1} {2}: {0}")
    @MethodSource({"requests", "commands", "sizes", "volumes", "healths", "pools", "programs", "hooks", "ends", "images"
    })
    void isRefused(String request, String code, String field) {
        var body = json(request);

        var refused = catchThrowableOfType(RefusedException.class, () -> reader.read(body));

        assertThat(refused.refusal().code()).isEqualTo(code);
        assertThat(refused.refusal().field()).isEqualTo(field);
        assertThat(refused.refusal().kind()).isEqualTo(Refusal.Kind.INVALID);
        assertThat(refused.refusal().message()).startsWith(field + " cannot ").hasSizeLessThan(400);
    }

    static Stream<Arguments> requests() {
        return Stream.of(
                arguments("{}", "missing_field", "job_id"),
                arguments("{'job_id': 'a'}", "missing_field", "spec"),
                arguments("{'jobid': 'a'}", "unknown_field", "jobid"),
                arguments("{'job_id': 5}", "wrong_type", "job_id"),
                arguments("{'job_id': null}", "wrong_type", "job_id"),
                arguments("{'job_id': ''}", "bad_value", "job_id"),
                arguments("{'job_id': 'Web'}", "bad_value", "job_id"),
                arguments("{'job_id': '-a'}", "bad_value", "job_id"),
                arguments("{'job_id': 'a.b'}", "bad_value", "job_id"),
                arguments("{'job_id': 'a\\n'}", "bad_value", "job_id"),
                arguments("{'job_id': '" + "a".repeat(64) + "'}", "bad_value", "job_id"),
                arguments("{'job_id': 'a', 'tenant': '../b', 'spec': {}}", "bad_value", "tenant"),
                arguments("{'job_id': 'a', 'spec': []}", "wrong_type", "spec"),
                arguments("{'job_id': 'a', 'spec': {}, 'tennant': 'b'}", "unknown_field", "tennant"),
                spec("", "missing_field", "spec.cmd"),
                spec("'rolle': 'web'", "unknown_field", "spec.rolle"),
                spec("'role': 'wbe'", "unknown_role", "spec.role"),
                spec("'role': 'web', 'cdm': 1", "unknown_field", "spec.cdm"),
                spec("'role': 'web', 'role\\u0000': 1", "unknown_field", "spec.role?"),
                spec("'role': 'web', 'lifecycle': 'forever'", "bad_value", "spec.lifecycle"),
                spec("'role': 'web', 'lifecycle': 1", "wrong_type", "spec.lifecycle"),
                spec("'role': 'web', 'host': 'a_b.example'", "bad_value", "spec.host"),
                spec("'role': 'web', 'host': '127.0.0.1'", "bad_value", "spec.host"),
                spec("'role': 'web', 'host': 'example.org.'", "bad_value", "spec.host"),
                spec("'role': 'web', 'host': '" + "a.".repeat(127) + "a'", "bad_value", "spec.host"),
                spec("'role': 'web', 'labels': {'a b': 'c'}", "bad_value", "spec.labels.a b"),
                spec("'role': 'web', 'labels': {'a': '\\n'}", "bad_value", "spec.labels.a"),
                spec("'role': 'web', 'labels': {'a': ['b']}", "wrong_type", "spec.labels.a"));
    }

    static Stream<Arguments> commands() {
        return Stream.of(
                spec("'cmd': []", "out_of_range", "spec.cmd"),
                spec("'cmd': '/app'", "wrong_type", "spec.cmd"),
                spec("'cmd': ['']", "bad_value", "spec.cmd"),
                spec("'cmd': ['/app', null]", "wrong_type", "spec.cmd[1]"),
                spec("'cmd': ['/app', '\\u0000']", "bad_value", "spec.cmd[1]"),
                spec("'cmd': ['/app'" + ", 'x'".repeat(256) + "]", "out_of_range", "spec.cmd"),
                spec("'cmd': ['/app', '" + "x".repeat(128 * 1024) + "']", "too_large", "spec.cmd"),
                spec("'role': 'web', 'env': ['A=1']", "wrong_type", "spec.env"),
                spec("'role': 'web', 'env': {'A': null}", "wrong_type", "spec.env.A"),
                spec("'role': 'web', 'env': {'A': {}}", "wrong_type", "spec.env.A"),
                spec("'role': 'web', 'env': {'A': '\\u0000'}", "bad_value", "spec.env.A"),
                spec("'role': 'web', 'env': {'A': '" + SURROGATE + "'}", "bad_value", "spec.env.A"),
                spec("'role': 'web', 'env': {'A B': 'x'}", "bad_value", "spec.env.A B"),
                spec("'role': 'web', 'env': {'': 'x'}", "bad_value", "spec.env."),
                spec("'role': 'web', 'env': {'A=B': 'x'}", "bad_value", "spec.env.A=B"),
                spec("'role': 'web', 'env': {'A': '" + "ä".repeat(64 * 1024) + "'}", "too_large", "spec.env"));
    }

    static Stream<Arguments> sizes() {
        return Stream.of(
                spec("'role': 'web', 'resources': 1", "wrong_type", "spec.resources"),
                spec("'role': 'web', 'resources': {'cpus': 1}", "unknown_field", "spec.resources.cpus"),
                spec("'role': 'web', 'resources': {'vcpu': 0}", "out_of_range", "spec.resources.vcpu"),
                spec("'role': 'web', 'resources': {'vcpu': 33}", "out_of_range", "spec.resources.vcpu"),
                spec("'role': 'web', 'resources': {'vcpu': 1.5}", "wrong_type", "spec.resources.vcpu"),
                spec("'role': 'web', 'resources': {'vcpu': '2'}", "wrong_type", "spec.resources.vcpu"),
                spec("'role': 'web', 'resources': {'mem_mb': 63}", "out_of_range", "spec.resources.mem_mb"),
                spec("'role': 'web', 'resources': {'mem_mb': 4294967552}", "out_of_range", "spec.resources.mem_mb"),
                spec("'role': 'web', 'replicas': -1", "out_of_range", "spec.replicas"),
                spec("'role': 'web', 'replicas': 101", "out_of_range", "spec.replicas"),
                spec("'role': 'web', 'port': 0", "out_of_range", "spec.port"),
                spec("'role': 'web', 'port': 65536", "out_of_range", "spec.port"),
                spec("'role': 'web', 'rootfs': '../etc/shadow'", "bad_image_name", "spec.rootfs"),
                spec("'role': 'web', 'rootfs': '/dev/sda'", "bad_image_name", "spec.rootfs"),
                spec("'role': 'web', 'kernel': '.hidden'", "bad_image_name", "spec.kernel"),
                spec("'role': 'web', 'kernel': ''", "bad_image_name", "spec.kernel"));
    }

    static Stream<Arguments> healths() {
        return Stream.of(
                spec("'role': 'web', 'health': 'http'", "bad_value", "spec.health"),
                spec("'role': 'web', 'health': true", "wrong_type", "spec.health"),
                spec("'role': 'web', 'health': null", "wrong_type", "spec.health"),
                spec("'role': 'web', 'health': {'port': 1}", "bad_value", "spec.health"),
                spec("'role': 'web', 'health': {'htpp': '/'}", "unknown_field", "spec.health.htpp"),
                spec("'role': 'web', 'health': {'tcp': false}", "bad_value", "spec.health"),
                spec("'role': 'web', 'health': {'tcp': 'yes'}", "wrong_type", "spec.health.tcp"),
                spec("'role': 'web', 'health': {'tcp': true, 'http': '/'}", "bad_value", "spec.health"),
                spec("'role': 'web', 'health': {'http': 'health'}", "bad_value", "spec.health.http"),
                spec("'role': 'web', 'health': {'http': '/ HTTP/1.1\\r\\n'}", "bad_value", "spec.health.http"),
                spec("'role': 'web', 'health': {'tcp': true, 'path': '/'}", "unknown_field", "spec.health.path"),
                spec(
                        "'role': 'web', 'health': {'tcp': true, 'interval_ms': 1}",
                        "out_of_range",
                        "spec.health.interval_ms"),
                spec(
                        "'role': 'web', 'health': {'tcp': true, 'timeout_ms': 1001}",
                        "out_of_range",
                        "spec.health.timeout_ms"));
    }

    static Stream<Arguments> volumes() {
        var data = "'volumes': [{'name': 'data', 'mount': '/data', 'size_mb': 64}]";
        return Stream.of(
                spec(
                        "'role': 'web', " + data + ", 'warm_pool': {'max': 1}",
                        "warm_pool_with_volumes",
                        "spec.warm_pool"),
                spec("'role': 'web', " + data + ", 'replicas': 2", "replicas_with_volumes", "spec.replicas"),
                volume("'mount': '/data', 'size_mb': 64", "missing_field", "name"),
                volume("'name': 'Data', 'mount': '/data', 'size_mb': 64", "bad_value", "name"),
                volume("'name': 'data', 'size_mb': 64", "missing_field", "mount"),
                volume("'name': 'data', 'mount': '/', 'size_mb': 64", "bad_value", "mount"),
                volume("'name': 'data', 'mount': '/a/../b', 'size_mb': 64", "bad_value", "mount"),
                volume("'name': 'data', 'mount': '/proc', 'size_mb': 64", "bad_value", "mount"),
                volume("'name': 'data', 'mount': '/dev/shm', 'size_mb': 64", "bad_value", "mount"),
                volume("'name': 'data', 'mount': '/data'", "missing_field", "size_mb"),
                volume("'name': 'data', 'mount': '/data', 'size_mb': 15", "out_of_range", "size_mb"));
    }

    private static Arguments volume(String fields, String code, String field) {
        return spec("'role': 'web', 'volumes': [{" + fields + "}]", code, "spec.volumes[0]." + field);
    }

    static Stream<Arguments> pools() {
        return Stream.of(
                spec("'role': 'web', 'warm_pool': 3", "wrong_type", "spec.warm_pool"),
                spec("'role': 'web', 'warm_pool': {'min': 2, 'max': 1}", "out_of_range", "spec.warm_pool.min"),
                spec("'role': 'web', 'warm_pool': {'max': 1001}", "out_of_range", "spec.warm_pool.max"),
                spec("'role': 'web', 'warm_pool': {'mode': 'asleep'}", "bad_value", "spec.warm_pool.mode"),
                spec("'role': 'web', 'warm_pool': {'mode': 'cold'}", "bad_value", "spec.warm_pool.mode"),
                spec(
                        "'role': 'web', 'lifecycle': 'job', 'warm_pool': {'min': 1}",
                        "warm_pool_on_job",
                        "spec.warm_pool"),
                spec("'role': 'web', 'restart': 'never'", "wrong_type", "spec.restart"),
                spec("'role': 'web', 'restart': {'policy': 'no'}", "bad_value", "spec.restart.policy"),
                spec("'role': 'web', 'restart': {'max_attempts': -1}", "out_of_range", "spec.restart.max_attempts"));
    }

    static Stream<Arguments> programs() {
        return Stream.of(
                spec("'role': 'web', 'user': ''", "bad_value", "spec.user"),
                spec("'role': 'web', 'user': 1000", "wrong_type", "spec.user"),
                spec("'role': 'web', 'user': 'a b'", "bad_value", "spec.user"),
                spec("'role': 'web', 'user': 'www:'", "bad_value", "spec.user"),
                spec("'role': 'web', 'user': 'www:a:b'", "bad_value", "spec.user"),
                spec("'role': 'web', 'user': '" + "a".repeat(65) + "'", "bad_value", "spec.user"),
                spec("'role': 'web', 'workdir': 'srv'", "bad_value", "spec.workdir"),
                spec("'role': 'web', 'workdir': '/a\\nb'", "bad_value", "spec.workdir"),
                spec("'role': 'web', 'workdir': '/" + "a".repeat(1024) + "'", "bad_value", "spec.workdir"),
                spec("'role': 'web', 'stop_signal': 'sigterm'", "bad_value", "spec.stop_signal"),
                spec("'role': 'web', 'stop_signal': '0'", "bad_value", "spec.stop_signal"),
                spec("'role': 'web', 'stop_signal': '65'", "bad_value", "spec.stop_signal"),
                spec("'role': 'web', 'interactive': 'yes'", "wrong_type", "spec.interactive"),
                spec("'role': 'web', 'attach_env': ['A=1']", "wrong_type", "spec.attach_env"),
                spec("'role': 'web', 'attach_env': {'A B': 'x'}", "bad_value", "spec.attach_env.A B"),
                spec("'role': 'web', 'attach_env': {'A': '\\u0000'}", "bad_value", "spec.attach_env.A"),
                spec(
                        "'role': 'web', 'attach_env': {'A': '" + "ä".repeat(4 * 1024) + "'}",
                        "too_large",
                        "spec.attach_env"));
    }

    static Stream<Arguments> hooks() {
        return Stream.of(
                spec("'role': 'web', 'hooks': '/warm'", "wrong_type", "spec.hooks"),
                spec("'role': 'web', 'hooks': null", "wrong_type", "spec.hooks"),
                spec("'role': 'web', 'hooks': {'cool': {'http': '/'}}", "unknown_field", "spec.hooks.cool"),
                spec("'role': 'web', 'hooks': {'warm': '/warm'}", "wrong_type", "spec.hooks.warm"),
                spec("'role': 'web', 'hooks': {'warm': null}", "wrong_type", "spec.hooks.warm"),
                hook("", "missing_field", "http"),
                hook("'http': 'warm'", "bad_value", "http"),
                hook("'http': '/ HTTP/1.1\\r\\n'", "bad_value", "http"),
                hook("'http': 'http://10.0.0.1/'", "bad_value", "http"),
                hook("'http': '/', 'port': 0", "out_of_range", "port"),
                hook("'http': '/', 'port': 65536", "out_of_range", "port"),
                hook("'http': '/', 'timeout_ms': 9", "out_of_range", "timeout_ms"),
                hook("'http': '/', 'timeout_ms': 1800001", "out_of_range", "timeout_ms"),
                hook("'http': '/', 'method': 'PUT'", "unknown_field", "method"));
    }

    private static Arguments hook(String fields, String code, String field) {
        return spec("'role': 'web', 'hooks': {'attach': {" + fields + "}}", code, "spec.hooks.attach." + field);
    }

    static Stream<Arguments> ends() {
        return Stream.of(
                spec("'role': 'web', 'timeout_s': 5", "only_for_jobs", "spec.timeout_s"),
                spec("'role': 'web', 'ttl_s': 5", "only_for_jobs", "spec.ttl_s"),
                spec("'role': 'web', 'lifecycle': 'daemon', 'ttl_s': 5", "only_for_jobs", "spec.ttl_s"),
                spec("'role': 'web', 'lifecycle': 'job', 'timeout_s': 0", "out_of_range", "spec.timeout_s"),
                spec("'role': 'web', 'lifecycle': 'job', 'timeout_s': 2592001", "out_of_range", "spec.timeout_s"),
                spec("'role': 'web', 'lifecycle': 'job', 'ttl_s': -1", "out_of_range", "spec.ttl_s"),
                spec("'role': 'web', 'lifecycle': 'job', 'ttl_s': null", "wrong_type", "spec.ttl_s"));
    }

    /** Of which nobody has said what they mean. */
    static Stream<Arguments> images() {
        return Stream.of(
                spec("'role': 'web', 'image': 'nginx', 'rootfs': 'rootfs.ext4'", "bad_value", "spec.rootfs"),
                spec("'role': 'web', 'image': 'nginx'", "bad_value", "spec.image"),
                spec("'role': 'web', 'image': 5", "wrong_type", "spec.image"),
                spec("'role': 'web', 'image': 'nginx@sha256:abc'", "bad_value", "spec.image"),
                spec("'role': 'web', 'rootfs': 'sha256:abc'", "bad_image_name", "spec.rootfs"),
                spec("'role': 'web', 'entrypoint': '/app'", "wrong_type", "spec.entrypoint"));
    }

    @Test
    void aSlipOfThePenIsAnsweredWithTheNameThatWasMeant() {
        var body = body("'role': 'web', 'resources': {'cpus': 1}");

        var refused = catchThrowableOfType(RefusedException.class, () -> reader.read(body));

        assertThat(refused).hasMessage("spec.resources.cpus cannot be set: there is no such field, did you mean vcpu?");
    }

    @Test
    void anUnknownRoleIsAnsweredWithThoseThereAre() {
        var refused = catchThrowableOfType(RefusedException.class, () -> reader.read(body("'role': 'db'")));

        assertThat(refused).hasMessage("spec.role cannot be 'db': there are web");
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'PASSWORD': 'secret\\u0000'}", "'PASSWORD=secret'", "{'PASSWORD': ['secret']}"})
    void theValueOfAVariableIsNeverShown(String env) {
        var body = body("'role': 'web', 'env': " + env);

        var refused = catchThrowableOfType(RefusedException.class, () -> reader.read(body));

        assertThat(refused.getMessage()).doesNotContain("secret");
    }

    @Test
    void aRoleThatNoSpecCouldBeFilledFromIsRefusedWhereItStands() {
        var bad = Map.<String, Map<String, Object>>of("web", Map.of("resources", Map.of("vcpu", 64)));
        var strict = new SpecReader(new SpecReader.Defaults("vmlinux", "rootfs.ext4"), bad);

        var refused = catchThrowableOfType(RefusedException.class, () -> strict.check("web", "roles.web"));

        assertThat(refused.refusal().field()).isEqualTo("roles.web.resources.vcpu");
    }

    @Test
    void aRoleMayLeaveTheCommandToTheJob() {
        var partial = new SpecReader(new SpecReader.Defaults("vmlinux", "rootfs.ext4"), Map.of("web", Map.of()));

        partial.check("web", "roles.web");

        assertThat(partial.read(body("'role': 'web', 'cmd': ['/x']")).spec().role())
                .isEqualTo("web");
    }

    private static Arguments spec(String fields, String code, String field) {
        return arguments(request(fields), code, field);
    }

    private static Map<String, Object> body(String fields) {
        return json(request(fields));
    }

    private static String request(String fields) {
        return "{'job_id': 'a', 'spec': {" + fields + "}}";
    }

    private static Map<String, Object> json(String text) {
        try {
            return JSON.readValue(text, new TypeReference<>() {});
        } catch (JsonProcessingException wrongTable) {
            throw new IllegalArgumentException(text, wrongTable);
        }
    }

    @Test
    void whatTheOperatorHasNotGrantedOfTheHostIsRefused() {
        var granting = reader.granting(List.of(new Allow.ToHost(Allow.Protocol.TCP, 5432)));
        var granted = Map.<String, Object>of(
                "job_id", "a", "spec", Map.of("role", "web", "allow", List.of("host:5432", "tenant:b")));
        var refused =
                Map.<String, Object>of("job_id", "a", "spec", Map.of("role", "web", "allow", List.of("host:5432/udp")));

        assertThat(granting.read(granted).spec().allow()).hasSize(2);
        assertThatThrownBy(() -> reader.read(granted))
                .hasMessage("spec.allow cannot hold 'host:5432': the operator of this host has not granted it");
        assertThatThrownBy(() -> granting.read(refused))
                .hasMessage("spec.allow cannot hold 'host:5432/udp': the operator of this host has not granted it");
    }
}
