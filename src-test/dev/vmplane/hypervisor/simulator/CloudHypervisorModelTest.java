package dev.vmplane.hypervisor.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.hypervisor.simulator.VmmModel.Answer;
import dev.vmplane.hypervisor.simulator.VmmModel.Effect;
import dev.vmplane.hypervisor.simulator.VmmModel.Request;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The answers here are those of version 54, which was asked the same. */
class CloudHypervisorModelTest {
    private static final String CONFIG = """
            {"payload":{"kernel":"/there/kernel"},"cpus":{"boot_vcpus":1,"max_vcpus":1},"memory":{"size":134217728},
             "disks":[{"id":"config","path":"/there/disk","readonly":true,"image_type":"Raw"}],
             "balloon":{"size":0,"deflate_on_oom":true},
             "serial":{"mode":"File","file":"/there/console.log"},"console":{"mode":"Off"}}""";

    private final CloudHypervisorModel model = new CloudHypervisorModel();
    private final Set<Path> missing = new HashSet<>();

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", quoteCharacter = '~', textBlock = """
            PUT   | vm.nowhere      | -                                  | 404 | Not Found
            PUT   | vm.boot         | {}                                 | 400 | Bad Request
            PUT   | vmm.ping        | -                                  | 404 | Not Found
            PATCH | vm.pause        | -                                  | 400 | Bad Request
            GET   | vmm.ping        | {}                                 | 400 | Bad Request
            GET   | vm.info         | -                                  | 404 | Error from API: The VM info is not available: VM is not created
            PUT   | vm.boot         | -                                  | 500 | Error from API: The VM could not boot: VM config is missing
            PUT   | vm.pause        | -                                  | 500 | Error from API: The VM could not be paused: VM is not running
            PUT   | vm.resume       | -                                  | 500 | Error from API: The VM could not resume: VM is not running
            PUT   | vm.power-button | -                                  | 500 | Error from API: Error triggering power button: VM is not running
            PUT   | vm.shutdown     | -                                  | 500 | Error from API: The VM could not shutdown: VM is not running
            PUT   | vm.resize       | -                                  | 400 | Bad Request
            PUT   | vm.resize       | {"desired_balloon":1}              | 404 | Error from API: The VM could not be resized: VM is not created
            PUT   | vm.resize       | {"desired_balloon":-1}             | 400 | Failed to deserialize JSON: invalid value: integer `-1`, expected u64
            PUT   | vm.create       | no json                            | 400 | Failed to deserialize JSON: expected value at line 1 column 1
            PUT   | vm.create       | {"cpus":{"boot_vcpus":1}}          | 400 | Failed to deserialize JSON: missing field `max_vcpus`
            PUT   | vm.create       | {"memory":{}}                      | 400 | Failed to deserialize JSON: missing field `size`
            PUT   | vm.create       | {"memory":7}                       | 400 | Failed to deserialize JSON: invalid type for `memory`
            PUT   | vm.create       | {"memory":{"size":1.5}}            | 400 | Failed to deserialize JSON: invalid type for `size`
            PUT   | vm.create       | {"disks":{}}                       | 400 | Failed to deserialize JSON: invalid type for `disks`
            PUT   | vm.create       | {"disks":[{"readonly":7}]}         | 400 | Failed to deserialize JSON: invalid type for `readonly`
            PUT   | vm.create       | {"disks":[{"image_type":"raw"}]}   | 400 | Failed to deserialize JSON: unknown variant `raw`
            """)
    void aWrongRequestIsRefusedWithItsCausesInAList(
            String method, String endpoint, String body, int status, String causes) {
        var answer = ask(method, endpoint, body == null ? "" : body);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(causes(answer)).isEqualTo(causes);
        assertThat(answer.effect()).isEqualTo(Effect.NONE);
    }

    @Test
    void aMachineWithoutDescriptionIsRefusedWithoutAWord() {
        assertThat(ask("PUT", "vm.create", "")).isEqualTo(new Answer(400, null, Effect.NONE));
    }

    @Test
    void fieldsThatAreSpeltWrongAreIgnored() {
        var answer = ask("PUT", "vm.create", CONFIG.replace("\"readonly\"", "\"read_only\""));

        assertThat(answer.status()).isEqualTo(204);
    }

    @Test
    void aMachineThatWasBootedRuns() {
        start();

        assertThat(state()).isEqualTo("Running");
    }

    @ParameterizedTest
    @ValueSource(strings = {"vm.create", "vm.boot", "vm.resume"})
    void whatIsSoAlreadyIsRefused(String endpoint) {
        start();

        var answer = ask("PUT", endpoint, endpoint.equals("vm.create") ? CONFIG : "");

        assertThat(answer.status()).isEqualTo(500);
    }

    @Test
    void pausingTwiceIsRefused() {
        start();

        var first = ask("PUT", "vm.pause", "");
        var second = ask("PUT", "vm.pause", "");

        assertThat(first).isEqualTo(new Answer(204, null, Effect.PAUSE));
        assertThat(causes(second)).endsWith("InvalidStateTransition(Paused, Paused)");
    }

    @Test
    void aMachineThatCouldNotBeCreatedIsInTheWayUntilItIsDeleted() {
        missing.add(Path.of("/there"));

        var first = ask("PUT", "vm.create", CONFIG);
        missing.clear();
        var second = ask("PUT", "vm.create", CONFIG);
        ask("PUT", "vm.delete", "");
        var third = ask("PUT", "vm.create", CONFIG);

        assertThat(causes(first)).contains("Error creating console devices");
        assertThat(causes(second)).endsWith("VM is already created");
        assertThat(third.status()).isEqualTo(204);
    }

    @Test
    void aMachineWhoseKernelIsMissingCannotBootEvenWhenItIsThereAgain() {
        missing.add(Path.of("/there/kernel"));
        ask("PUT", "vm.create", CONFIG);

        var first = ask("PUT", "vm.boot", "");
        missing.clear();
        var second = ask("PUT", "vm.boot", "");

        assertThat(causes(first)).contains("Cannot open kernel file");
        assertThat(causes(second)).endsWith("VM is already created");
        assertThat(state()).isEqualTo("Created");
    }

    @Test
    void aMachineWhoseDiskIsMissingBootsWithoutDisksTheSecondTime() {
        missing.add(Path.of("/there/disk"));
        ask("PUT", "vm.create", CONFIG);

        var first = ask("PUT", "vm.boot", "");
        var second = ask("PUT", "vm.boot", "");

        assertThat(causes(first)).contains("Cannot open disk path");
        assertThat(second.status()).isEqualTo(204);
        assertThat(model.configDisk()).isNull();
    }

    @Test
    void moreCpusThanTheMostAreFoundAtTheBoot() {
        ask("PUT", "vm.create", CONFIG.replace("\"boot_vcpus\":1", "\"boot_vcpus\":2"));

        var answer = ask("PUT", "vm.boot", "");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(causes(answer)).contains("Max CPUs");
    }

    @Test
    void aMachineWithoutAKernelIsFoundAtTheBoot() {
        ask("PUT", "vm.create", "{}");

        assertThat(causes(ask("PUT", "vm.boot", ""))).contains("not bootable");
    }

    @Test
    void aBalloonTakesMemoryAway() {
        start();

        ask("PUT", "vm.resize", "{\"desired_balloon\":33554432}");

        assertThat(info().getLong("memory_actual_size")).isEqualTo(134217728 - 33554432);
    }

    @Test
    void aRunningMachineWithoutABalloonGivesNothingBack() {
        ask("PUT", "vm.create", CONFIG.replace("balloon", "ballon"));
        ask("PUT", "vm.boot", "");

        assertThat(causes(ask("PUT", "vm.resize", "{\"desired_balloon\":1}"))).endsWith("Missing virtio-balloon");
    }

    @Test
    void aMachineThatWasShutDownCanBootAgain() {
        start();

        var shutdown = ask("PUT", "vm.shutdown", "");

        assertThat(shutdown.effect()).isEqualTo(Effect.HALT);
        assertThat(state()).isEqualTo("Created");
        assertThat(ask("PUT", "vm.boot", "").effect()).isEqualTo(Effect.START);
    }

    @Test
    void deletingNoMachineSucceeds() {
        assertThat(ask("PUT", "vm.delete", "").status()).isEqualTo(204);
    }

    @Test
    void theEndOfTheProcessIsAnsweredWith200AndNothing() {
        assertThat(ask("PUT", "vmm.shutdown", "")).isEqualTo(new Answer(200, "", Effect.END));
    }

    @Test
    void aResetBootsTheMachineAgainAsLongAsItsConsoleCanBeOpened() {
        start();
        assertThat(model.filesOfReset()).contains(Path.of("/there"));

        assertThat(model.bootsAgain(file -> true)).isTrue();
        assertThat(model.bootsAgain(file -> !file.equals(Path.of("/there")))).isFalse();
    }

    @Test
    void aRebootThatCannotOpenTheConsoleLeavesNoGuest() {
        start();
        missing.add(Path.of("/there"));

        var answer = ask("PUT", "vm.reboot", "");

        assertThat(answer.status()).isEqualTo(500);
        assertThat(answer.effect()).isEqualTo(Effect.HALT);
        assertThat(state()).isEqualTo("Created");
    }

    private void start() {
        assertThat(List.of(
                        ask("PUT", "vm.create", CONFIG).status(),
                        ask("PUT", "vm.boot", "").status()))
                .containsOnly(204);
    }

    private String state() {
        return info().getString("state");
    }

    private JsonObject info() {
        return new JsonObject(ask("GET", "vm.info", "").body());
    }

    private static String causes(Answer answer) {
        return new JsonArray(answer.body()).stream().map(String.class::cast).collect(Collectors.joining(": "));
    }

    private Answer ask(String method, String endpoint, String body) {
        return model.answer(new Request(method, "/api/v1/" + endpoint, body), file -> !missing.contains(file));
    }
}
