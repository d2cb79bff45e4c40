package dev.vmplane.hypervisor.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.hypervisor.simulator.FirecrackerModel.Answer;
import dev.vmplane.hypervisor.simulator.FirecrackerModel.Effect;
import dev.vmplane.hypervisor.simulator.FirecrackerModel.Request;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FirecrackerModelTest {
    private static final String START = "{\"action_type\":\"InstanceStart\"}";
    private static final String DRIVE =
            "{\"drive_id\":\"d1\",\"is_root_device\":false,\"path_on_host\":\"/there\",\"is_read_only\":true}";

    private final FirecrackerModel model = new FirecrackerModel("vm-1");

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", quoteCharacter = '~', textBlock = """
            POST   | /                  | {}                                                | Invalid request method
            GET    | /nowhere           | -                                                 | Invalid request method
            GET    | /                  | {}                                                | cannot have a body
            PUT    | /actions           | -                                                 | Empty PUT request
            PATCH  | /vm                | -                                                 | Empty PATCH request
            PUT    | /actions           | no json                                           | deserializing
            PUT    | /actions           | {}                                                | missing field `action_type`
            PUT    | /actions           | {"action_type":"Reboot"}                          | unknown variant `Reboot`
            PUT    | /actions           | {"action_type":"SendCtrlAltDel"}                  | before starting
            PUT    | /actions           | {"action_type":"FlushMetrics"}                    | before starting
            PATCH  | /vm                | {"state":"Paused"}                                | before starting
            PUT    | /actions           | {"action_type":"InstanceStart"}                   | without kernel
            PUT    | /serial            | {"serial_out_path":"/there"}                      | Invalid request method
            PUT    | /machine-config    | {"vcpu_count":1}                                  | missing field `mem_size_mib`
            PUT    | /machine-config    | {"vcpu_count":1,"mem_size_mib":1,"cpus":2}        | unknown field `cpus`
            PUT    | /machine-config    | {"vcpu_count":"1","mem_size_mib":1}               | invalid type for `vcpu_count`
            PUT    | /machine-config    | {"vcpu_count":null,"mem_size_mib":1}              | invalid type for `vcpu_count`
            PUT    | /machine-config    | {"vcpu_count":1.5,"mem_size_mib":1}               | invalid type for `vcpu_count`
            PUT    | /boot-source       | {"kernel_image_path":"\\u0000"}                   | Nul byte
            PUT    | /machine-config    | {"vcpu_count":33,"mem_size_mib":1}                | vCPU number
            PUT    | /machine-config    | {"vcpu_count":1,"mem_size_mib":0}                 | memory size
            PUT    | /boot-source       | {"kernel_image_path":"/gone"}                     | kernel file
            PUT    | /boot-source       | {"kernel_image_path":"/there","initrd_path":"/gone"} | initrd file
            PUT    | /drives/d1         | {"drive_id":"d2","is_root_device":false,"path_on_host":"/there","is_read_only":true} | does not match
            PUT    | /drives/d-1        | {"drive_id":"d-1","is_root_device":false,"path_on_host":"/there","is_read_only":true} | alphanumeric
            PUT    | /drives/d1         | {"drive_id":"d1","is_root_device":false,"path_on_host":"/gone","is_read_only":true} | backing file
            PUT    | /drives/d1         | {"drive_id":"d1","is_root_device":false,"path_on_host":"/there"} | missing field `is_read_only`
            PUT    | /network-interfaces/eth0 | {"iface_id":"eth0"}                         | missing field `host_dev_name`
            PUT    | /network-interfaces/eth0 | {"iface_id":"eth0","host_dev_name":"t","tx_rate_limiter":7} | invalid type for `tx_rate_limiter`
            PUT    | /drives/d1         | {"drive_id":"d1","is_root_device":false,"path_on_host":"/there","is_read_only":true,"cache_type":"Safe"} | unknown variant `Safe`
            PUT    | /drives/d1         | {"drive_id":"d1","is_root_device":false,"path_on_host":"/there","is_read_only":true,"rate_limiter":{"bandwidth":{"size":1}}} | missing field `refill_time`
            PUT    | /drives/d1         | {"drive_id":"d1","is_root_device":false,"path_on_host":"/there","is_read_only":true,"rate_limiter":{"bandwith":{"size":1,"refill_time":1}}} | unknown field `bandwith`
            PUT    | /drives/d1         | {"drive_id":"d1","is_root_device":false,"path_on_host":"/there","is_read_only":true,"rate_limiter":{"ops":{"size":-1,"refill_time":1}}} | invalid value
            PUT    | /entropy           | -                                                 | Empty PUT request
            PUT    | /entropy           | {"rate":1}                                        | unknown field `rate`
            PUT    | /balloon           | {"amount_mib":0}                                  | missing field `deflate_on_oom`
            PUT    | /balloon           | {"amount_mib":129,"deflate_on_oom":true}          | too large
            PATCH  | /balloon           | {"amount_mib":1}                                  | before starting
            GET    | /balloon           | -                                                 | Balloon
            """)
    void aWrongRequestIsRefusedAndSaysWhy(String method, String path, String body, String why) {
        var answer = ask(method, path, body == null ? "" : body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(new JsonObject(answer.body()).getString("fault_message")).contains(why);
        assertThat(answer.effect()).isEqualTo(Effect.NONE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '~', textBlock = """
            PUT   | /machine-config | {"vcpu_count":1,"mem_size_mib":1}
            PATCH | /machine-config | {"vcpu_count":1}
            PUT   | /boot-source    | {"kernel_image_path":"/there"}
            PUT   | /drives/d1      | {"drive_id":"d1","is_root_device":false,"path_on_host":"/there","is_read_only":true}
            PUT   | /network-interfaces/eth0 | {"iface_id":"eth0","host_dev_name":"tap0"}
            PUT   | /entropy        | {}
            PUT   | /balloon        | {"amount_mib":0,"deflate_on_oom":true}
            PUT   | /actions        | {"action_type":"InstanceStart"}
            """)
    void aStartedMachineKeepsItsParts(String method, String path, String body) {
        start();

        var answer = ask(method, path, body);

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("after starting");
    }

    @Test
    void aMachineWithAKernelStarts() {
        assertThat(start()).isEqualTo(new Answer(204, null, Effect.START));
        assertThat(state()).isEqualTo("Running");
    }

    @Test
    void pausingTwiceIsPausingOnce() {
        start();

        ask("PATCH", "/vm", "{\"state\":\"Paused\"}");
        var again = ask("PATCH", "/vm", "{\"state\":\"Paused\"}");

        assertThat(again).isEqualTo(new Answer(204, null, Effect.PAUSE));
        assertThat(state()).isEqualTo("Paused");
    }

    @Test
    void aPartThatIsPutAgainIsReplaced() {
        ask("PUT", "/drives/d1", DRIVE);

        ask("PUT", "/drives/d1", DRIVE.replace("true", "false"));

        var config = new JsonObject(ask("GET", "/vm/config", "").body());
        assertThat(config.getJsonArray("drives")).hasSize(1);
        assertThat(config.getJsonArray("drives").getJsonObject(0).getBoolean("is_read_only"))
                .isFalse();
    }

    @Test
    void aPatchOfTheMachineChangesWhatItNames() {
        ask("PUT", "/machine-config", "{\"vcpu_count\":2,\"mem_size_mib\":64}");

        ask("PATCH", "/machine-config", "{\"mem_size_mib\":32,\"vcpu_count\":null}");

        var config = new JsonObject(ask("GET", "/machine-config", "").body());
        assertThat(config.getInteger("vcpu_count")).isEqualTo(2);
        assertThat(config.getInteger("mem_size_mib")).isEqualTo(32);
    }

    @Test
    void theBalloonOfAStartedMachineHoldsWhatItWasToldLast() {
        ask("PUT", "/balloon", "{\"amount_mib\":0,\"deflate_on_oom\":true}");
        start();

        ask("PATCH", "/balloon", "{\"amount_mib\":64}");

        assertThat(ask("GET", "/balloon", "").body()).contains("\"amount_mib\":64");
    }

    @Test
    void aBalloonCannotHoldMoreThanTheMachineHas() {
        ask("PUT", "/balloon", "{\"amount_mib\":0,\"deflate_on_oom\":true}");
        start();

        var answer = ask("PATCH", "/balloon", "{\"amount_mib\":129}");

        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("less than 129MiB");
    }

    @Test
    void aMachineWithoutABalloonGivesNothingBack() {
        start();

        var answer = ask("PATCH", "/balloon", "{\"amount_mib\":1}");

        assertThat(answer.status()).isEqualTo(400);
    }

    @Test
    void everyDeviceMayHaveItsRateLimiters() {
        var limiter = "{\"bandwidth\":{\"size\":1000000,\"refill_time\":1000},\"ops\":null}";

        var drive = ask("PUT", "/drives/d1", DRIVE.replace("}", ",\"rate_limiter\":" + limiter + "}"));
        var card = ask(
                "PUT",
                "/network-interfaces/eth0",
                "{\"iface_id\":\"eth0\",\"host_dev_name\":\"t\",\"rx_rate_limiter\":" + limiter
                        + ",\"tx_rate_limiter\":null}");

        assertThat(drive.status()).isEqualTo(204);
        assertThat(card.status()).isEqualTo(204);
    }

    private Answer start() {
        ask("PUT", "/boot-source", "{\"kernel_image_path\":\"/there\",\"initrd_path\":\"/there\"}");
        return ask("PUT", "/actions", START);
    }

    private String state() {
        return new JsonObject(ask("GET", "/", "").body()).getString("state");
    }

    private Answer ask(String method, String path, String body) {
        return model.answer(
                new Request(method, path, body), file -> file.toString().equals("/there"));
    }
}
