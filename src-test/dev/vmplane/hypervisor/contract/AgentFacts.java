package dev.vmplane.hypervisor.contract;

import static dev.vmplane.host.HostRig.await;
import static dev.vmplane.model.ReasonCode.AGENT_FAILED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.vmplane.host.agent.AgentGreeting;
import dev.vmplane.hypervisor.Hypervisor;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** How the agent in a guest is reached. */
interface AgentFacts extends Facts {

    @Test
    default void theAgentOfARunningGuestAnswers() {
        guestWithAgent();

        await(greeted(hypervisor()));
    }

    @Test
    default void oneConnectionAfterAnotherReachesTheAgent() {
        guestWithAgent();

        await(greeted(hypervisor()));
        await(greeted(hypervisor()));
    }

    @Test
    default void aRestartedControlPlaneReachesTheAgent() {
        guestWithAgent();

        await(greeted(rig().hypervisor()));
    }

    @Test
    default void anAgentAnswersAfterAPause() {
        guestWithAgent();
        await(hypervisor().pause(machine()));
        await(hypervisor().resume(machine()));

        await(greeted(hypervisor()));
    }

    @Test
    default void theAgentOfAMachineThatIsGoneCannotBeReached() {
        var process = running(machine());
        await(hypervisor().kill(machine(), process));

        assertThat(failureOf(hypervisor().agent(machine()))).isEqualTo(AGENT_FAILED);
    }

    @Test
    default void theWayToTheAgentOfAFormerLifeDoesNotDisturbTheNext() {
        var former = running(machine());
        await(hypervisor().kill(machine(), former));

        guestWithAgent();

        await(greeted(hypervisor()));
    }

    private void guestWithAgent() {
        assumeTrue(rig().traits().agents(), "guests on this host have no agent");
        running(machine());
        await(rig().guestStarted(machine()));
    }

    /** Completes when the agent has answered, and the connection is closed. */
    private Future<Void> greeted(Hypervisor hypervisor) {
        return hypervisor.agent(machine()).compose(this::greet);
    }

    private Future<Void> greet(NetSocket connection) {
        var nonce = new byte[AgentGreeting.NONCE_BYTES];
        ThreadLocalRandom.current().nextBytes(nonce);
        var greeting = new AgentGreeting(Buffer.buffer(nonce));
        var answered = Promise.<Void>promise();
        connection.handler(bytes -> greeting.take(bytes).ifPresent(rest -> answered.tryComplete()));
        connection.closeHandler(closed -> answered.tryFail("the agent hung up"));
        connection.write(greeting.hello(machine().vmId()).encoded());
        connection.resume();
        return answered.future().eventually(connection::close);
    }
}
