package dev.vmplane.hypervisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Samples;
import dev.vmplane.model.Backend;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class MeteredHypervisorTest {
    /** What is asked of a driver and is no call to a hypervisor, or lasts as long as the machine lives. */
    private static final Set<String> UNTIMED = Set.of("backend", "capabilities", "ended", "release");

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final List<String> asked = new ArrayList<>();
    private Future<Object> answer = Future.succeededFuture();
    private final Hypervisor hypervisor = new MeteredHypervisor(driver(), registry);

    @Test
    void everyCallReachesTheDriverAndIsCountedUnderItsName() throws ReflectiveOperationException {
        for (var method : Hypervisor.class.getMethods()) {
            method.invoke(hypervisor, argumentsOf(method));
        }

        var all = Arrays.stream(Hypervisor.class.getMethods())
                .map(Method::getName)
                .collect(Collectors.toSet());
        assertThat(asked).containsAll(all);
        all.removeAll(UNTIMED);
        assertThat(all)
                .isNotEmpty()
                .allSatisfy(call -> assertThat(count(call, "done")).isOne());
    }

    @Test
    void aCallThatFailsIsCountedApart() {
        answer = Future.failedFuture("refused");

        assertThat(hypervisor.boot(null).failed()).isTrue();

        assertThat(count("boot", "failed")).isOne();
        assertThat(count("boot", "done")).isZero();
    }

    @Test
    void aCallCountsWhenItIsAnswered() {
        Promise<Object> pending = Promise.promise();
        answer = pending.future();

        hypervisor.pause(null);
        assertThat(count("pause", "done")).isZero();
        pending.complete();

        assertThat(count("pause", "done")).isOne();
    }

    private long count(String call, String outcome) {
        return registry.get("vmplane.hypervisor.call")
                .tag("backend", "qemu")
                .tag("call", call)
                .tag("outcome", outcome)
                .timer()
                .count();
    }

    private static Object[] argumentsOf(Method method) {
        return Arrays.stream(method.getParameterTypes())
                .map(type ->
                        type == int.class ? (Object) 1 : type == Samples.PROCESS.getClass() ? Samples.PROCESS : null)
                .toArray();
    }

    private Hypervisor driver() {
        return (Hypervisor) Proxy.newProxyInstance(
                Hypervisor.class.getClassLoader(), new Class<?>[] {Hypervisor.class}, (proxy, method, arguments) -> {
                    asked.add(method.getName());
                    if (method.getReturnType() == Future.class) {
                        return answer;
                    }
                    return method.getReturnType() == Backend.class ? Backend.QEMU : null;
                });
    }
}
