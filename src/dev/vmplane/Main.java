package dev.vmplane;

public final class Main {
    private Main() {}

    public static void main(String[] args) {
        io.vertx.core.Vertx.vertx().close();
    }
}
