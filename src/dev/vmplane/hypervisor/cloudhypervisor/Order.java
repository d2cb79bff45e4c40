package dev.vmplane.hypervisor.cloudhypervisor;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonObject;

/** Everything this driver ever says to Cloud Hypervisor. */
sealed interface Order {
    /** In front of every endpoint. */
    String PREFIX = "/api/v1/";

    String endpoint();

    default String path() {
        return PREFIX + endpoint();
    }

    default HttpMethod method() {
        return HttpMethod.PUT;
    }

    /** The body, or null for none. */
    default JsonObject fields() {
        return null;
    }

    /** Something asked. Neither changes anything. */
    enum Question implements Order {
        /** Do you take orders? Answered from the first moment on, machine or not. */
        PING("vmm.ping"),
        /** Which machine are you, and what does it do? Refused while there is none. */
        DESCRIBE("vm.info");

        private final String endpoint;

        Question(String endpoint) {
            this.endpoint = endpoint;
        }

        @Override
        public String endpoint() {
            return endpoint;
        }

        @Override
        public HttpMethod method() {
            return HttpMethod.GET;
        }
    }

    /** Something the machine must do now. The server refuses these orders if any body comes with them, even {@code {}}. */
    enum Action implements Order {
        BOOT("vm.boot"),
        PAUSE("vm.pause"),
        RESUME("vm.resume"),
        ASK_TO_END("vm.power-button"),
        /** Forgets the machine, which must not run; forgetting none is success. */
        DELETE("vm.delete");

        private final String endpoint;

        Action(String endpoint) {
            this.endpoint = endpoint;
        }

        @Override
        public String endpoint() {
            return endpoint;
        }
    }

    /** Be this machine. Files are opened, and most mistakes found, only when it boots. */
    record Create(VmConfig config) implements Order {
        @Override
        public String endpoint() {
            return "vm.create";
        }

        @Override
        public JsonObject fields() {
            return config.json();
        }
    }

    /** Take so much memory from the guest. */
    record Inflate(int mebibytes) implements Order {
        @Override
        public String endpoint() {
            return "vm.resize";
        }

        @Override
        public JsonObject fields() {
            return new JsonObject().put("desired_balloon", VmConfig.bytes(mebibytes));
        }
    }
}
