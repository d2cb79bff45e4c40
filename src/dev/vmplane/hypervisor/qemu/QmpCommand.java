package dev.vmplane.hypervisor.qemu;

import io.vertx.core.json.JsonObject;

/**
 * One order in the QEMU Machine Protocol.
 *
 * @param arguments null when the command takes none
 */
record QmpCommand(String name, JsonObject arguments) {

    static QmpCommand of(String name) {
        return new QmpCommand(name, null);
    }

    /** The message on the wire, by whose {@code id} the answer is known. */
    JsonObject message(int id) {
        var message = new JsonObject().put("execute", name).put("id", id);
        return arguments == null ? message : message.put("arguments", arguments);
    }
}
