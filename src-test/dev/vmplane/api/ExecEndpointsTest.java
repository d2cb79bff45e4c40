package dev.vmplane.api;

import static dev.vmplane.Samples.NOW;
import static dev.vmplane.Samples.owner;
import static dev.vmplane.Samples.running;
import static dev.vmplane.Samples.service;
import static dev.vmplane.Samples.vm;
import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.Await;
import dev.vmplane.model.Exec;
import dev.vmplane.model.Exec.Input.Act;
import dev.vmplane.model.Exec.Output;
import dev.vmplane.model.Exec.Output.Kind;
import dev.vmplane.model.GuestExit;
import dev.vmplane.model.Refusal;
import dev.vmplane.model.VmState;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.UpgradeRejectedException;
import io.vertx.core.http.WebSocket;
import io.vertx.core.http.WebSocketClient;
import io.vertx.core.http.WebSocketClientOptions;
import io.vertx.core.http.WebSocketConnectOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.junit5.VertxExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(VertxExtension.class)
class ExecEndpointsTest {
    private ApiFixture api;
    private FakeGuest guest;
    private WebSocketClient client;

    @BeforeEach
    void startApi(Vertx vertx) {
        api = new ApiFixture(vertx);
        api.store.keep(service("web"));
        api.store.keep(vm("vm-a", owner("web", 0), running()));
        guest = new FakeGuest(vertx, "vm-a");
        client = vertx.createWebSocketClient(
                new WebSocketClientOptions().setMaxConnections(300).setClosingTimeout(1));
    }

    @AfterEach
    void closeClient() {
        Await.of(client.close());
    }

    @Test
    void whatIsToRunIsSaidInTheQuery() {
        open(
                "/instances/vm-a/exec?cmd=sh&cmd=-c&cmd=echo%20hi&env=A=b%3Dc&user=app&workdir=/srv&tty=true&rows=50&cols=132");

        var start = guest.started.get(0);
        assertThat(start.cmd()).containsExactly("sh", "-c", "echo hi");
        assertThat(start.env()).isEqualTo(Map.of("A", "b=c"));
        assertThat(start.user()).isEqualTo("app");
        assertThat(start.workdir()).isEqualTo("/srv");
        assertThat(start.terminal()).isEqualTo(new Exec.Terminal(50, 132));
    }

    @Test
    void withoutAWordTheVmsOwnProgramRunsWithoutATerminal() {
        open("/instances/vm-a/exec");

        var start = guest.started.get(0);
        assertThat(start.cmd()).isEmpty();
        assertThat(start.terminal()).isNull();
        assertThat(start.user()).isNull();
    }

    @Test
    void whatTheProgramSaysIsHeardAndThenHowItEnded() {
        var person = open("/instances/vm-a/exec?cmd=x");

        Await.of(guest.says(Kind.STDOUT, "out"));
        Await.of(guest.says(Kind.STDERR, "err"));
        Await.of(guest.ends(new GuestExit(7, null)));

        until(person::gone);
        assertThat(person.heard).containsExactly("1out", "2err", "3{\"status\":7}");
        assertThat(person.status()).isEqualTo(1000);
        assertThat(guest.hungUp()).isFalse();
    }

    @Test
    void whatIsSaidBeforeThePersonIsThereIsHeard() {
        var person = open("/instances/vm-a/exec?cmd=x");

        Await.of(guest.ends(new GuestExit(null, 9)));

        until(person::gone);
        assertThat(person.heard).containsExactly("3{\"signal\":9}");
    }

    @Test
    void aProgramThatIsLostIsAnError() {
        var person = open("/instances/vm-a/exec?cmd=x");

        Await.of(guest.tell(new Output(Kind.LOST, new byte[0], null, "the guest is gone")));

        until(person::gone);
        assertThat(person.heard).containsExactly("3{\"error\":{\"code\":\"lost\",\"detail\":\"the guest is gone\"}}");
    }

    @Test
    void whatIsTypedReachesTheProgramInOrder() {
        var person = open("/instances/vm-a/exec?cmd=cat");

        for (int n = 0; n < 100; n++) {
            person.type(0, n + ",");
        }
        person.type(4, "{\"rows\":10,\"cols\":20}");
        person.type(5, "");

        until(() -> guest.typed.size() == 102);
        assertThat(guest.stdin()).startsWith("0,1,2,").endsWith("98,99,");
        assertThat(guest.typed.get(100).terminal()).isEqualTo(new Exec.Terminal(10, 20));
        assertThat(guest.typed.get(101).act()).isEqualTo(Act.END);
    }

    @Test
    void aProgramThatDoesNotReadHoldsUpWhoTypes() {
        guest.stopReading();
        var person = open("/instances/vm-a/exec?cmd=sleep");
        var sent = 0;
        var last = Future.<Void>succeededFuture();
        // Until the connection is full, which it is after as much as the kernel keeps.
        while (!person.socket.writeQueueFull() && sent < 64 << 20) {
            last = person.type(0, "x".repeat(60_000));
            sent += 60_000;
        }

        until(() -> !guest.typed.isEmpty());
        assertThat(guest.typed).hasSize(1);
        assertThat(sent).isLessThan(64 << 20);

        guest.readOn();
        Await.of(last);
        var all = sent;
        until(() -> guest.stdin().length() == all);
    }

    @Test
    void aPersonThatDoesNotReadHoldsUpTheProgramAndIsGivenUp() {
        var person = open("/instances/vm-a/exec?cmd=yes");
        person.socket.pause();
        var said = new AtomicInteger();
        sayOn(said);

        until(() -> {
            api.time.advance(Duration.ofSeconds(30));
            return guest.hungUp();
        });

        assertThat(said.get()).isLessThan(64 << 20);
        assertThat(person.heard).isEmpty();
    }

    /** As a program does that prints without end. */
    private void sayOn(AtomicInteger said) {
        guest.says(Kind.STDOUT, new byte[60_000]).onSuccess(heard -> {
            said.addAndGet(60_000);
            sayOn(said);
        });
    }

    @Test
    void theProgramGoesWhenThePersonGoes() {
        var person = open("/instances/vm-a/exec?cmd=x");

        person.socket.close();

        until(guest::hungUp);
    }

    @Test
    void theProgramGoesWhenThePersonsConnectionBreaks() {
        var person = open("/instances/vm-a/exec?cmd=x");

        Await.of(client.close());

        until(guest::hungUp);
        assertThat(person.heard).isEmpty();
    }

    @Test
    void whoGoesWhileTheProgramDoesNotReadIsMissed() {
        guest.stopReading();
        var person = open("/instances/vm-a/exec?cmd=sleep");
        person.type(0, "a");
        person.type(0, "b");
        until(() -> guest.typed.size() == 1);

        Await.of(client.close());

        until(() -> {
            api.time.advance(Duration.ofSeconds(15));
            return guest.hungUp();
        });
    }

    @Test
    void aPersonThatIsQuietIsAskedWhetherItIsThere() {
        var person = open("/instances/vm-a/exec?cmd=x");

        until(() -> {
            api.time.advance(Duration.ofSeconds(1));
            return person.pings() > 3;
        });

        assertThat(person.gone()).isFalse();
        assertThat(guest.hungUp()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1x", "9", "4", "4{}", "4{\"rows\":\"a\",\"cols\":1}", "4[1]"})
    void whatNobodyCanMeanEndsTheSession(String message) {
        var person = open("/instances/vm-a/exec?cmd=x");

        if (message.isEmpty()) {
            person.socket.writeBinaryMessage(Buffer.buffer());
        } else {
            person.type(message.charAt(0) - '0', message.substring(1));
        }

        until(person::gone);
        assertThat(person.heard).singleElement().asString().startsWith("3{\"error\":{\"code\":\"bad_message\"");
        until(guest::hungUp);
    }

    @Test
    void textEndsTheSession() {
        var person = open("/instances/vm-a/exec?cmd=x");

        person.socket.writeTextMessage("hello");

        until(person::gone);
        until(guest::hungUp);
    }

    @Test
    void theProgramOfAJobRunsInItsReplicaThatServes() {
        var vms = List.of(
                vm("vm-0", owner("web", 0), new VmState.Booting(NOW, NOW, null)),
                vm("vm-a", owner("web", 1), running()));
        vms.forEach(api.store::keep);

        open("/vms/web/exec?cmd=x");

        assertThat(guest.started).hasSize(1);
    }

    @Test
    void aGuestThatCannotRunTheProgramSaysSoInTheSession() {
        guest.refuse(Refusal.invalid("not_found", null, "there is no program nosuch"));

        var person = open("/instances/vm-a/exec?cmd=nosuch");

        until(person::gone);
        assertThat(person.heard)
                .containsExactly("3{\"error\":{\"code\":\"not_found\",\"detail\":\"there is no program nosuch\"}}");
        assertThat(person.status()).isEqualTo(1000);
    }

    @ParameterizedTest
    @CsvSource({
        "/instances/vm-x/exec, 404, instance_not_found",
        "/vms/nosuch/exec, 404, job_not_found",
        "/instances/vm-p/exec, 409, not_running",
        "/vms/web/exec?replica=4, 409, not_running",
        "/instances/vm-a/exec?rows=x, 400, bad_query",
        "/instances/vm-a/exec?env=1A=b, 400, bad_query",
        "/instances/vm-a/exec?cmd=a%00b, 400, bad_query"
    })
    void whatThisServerRefusesItRefusesBeforehand(String uri, int status, String code) {
        api.store.keep(vm("vm-p", null, new VmState.Pending(NOW)));

        var rejected = rejected(options(uri));

        assertThat(rejected.getStatus()).isEqualTo(status);
        assertThat(new JsonObject(rejected.getBody()).getString("code")).isEqualTo(code);
        assertThat(guest.started).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"BUSY, 429", "UNAVAILABLE, 503", "CONFLICT, 409"})
    void aGuestThatTakesNoMoreIsAProblem(Refusal.Kind kind, int status) {
        guest.refuse(new Refusal(kind, "as_it_says", null, "the test says so"));

        assertThat(rejected(options("/instances/vm-a/exec")).getStatus()).isEqualTo(status);
    }

    @Test
    void aPageOfAnotherSiteIsRefused() {
        var options = options("/instances/vm-a/exec").putHeader("origin", "http://evil.example.org");

        assertThat(rejected(options).getStatus()).isEqualTo(403);
        assertThat(guest.started).isEmpty();
    }

    @Test
    void whoDoesNotWantAWebSocketIsToldTo() {
        var reply = api.get("/instances/vm-a/exec");

        assertThat(reply.status()).isEqualTo(426);
        assertThat(reply.json().getString("code")).isEqualTo("websocket_needed");
    }

    @Test
    void noMoreThanSoManyRunAtOnce() {
        for (int n = 0; n < 256; n++) {
            open("/instances/vm-a/exec?cmd=x");
        }
        assertThat(rejected(options("/instances/vm-a/exec")).getStatus()).isEqualTo(429);

        Await.of(guest.ends(new GuestExit(0, null)));

        Await.until(
                true, () -> connect(options("/instances/vm-a/exec")).map(true).otherwise(false));
    }

    private static void until(BooleanSupplier state) {
        Await.until(true, () -> Future.succeededFuture(state.getAsBoolean()));
    }

    private WebSocketConnectOptions options(String uri) {
        return new WebSocketConnectOptions()
                .setHost("127.0.0.1")
                .setPort(api.port())
                .setURI(uri);
    }

    private Future<WebSocket> connect(WebSocketConnectOptions options) {
        return client.connect(options);
    }

    private UpgradeRejectedException rejected(WebSocketConnectOptions options) {
        return (UpgradeRejectedException) Await.failureOf(connect(options));
    }

    private Person open(String uri) {
        var person = new Person();
        Await.of(connect(options(uri)).onSuccess(person::attach));
        return person;
    }

    /** Somebody at a session. */
    private static final class Person {
        final List<String> heard = new CopyOnWriteArrayList<>();
        private volatile WebSocket socket;
        private volatile boolean gone;
        private final AtomicInteger pings = new AtomicInteger();

        private void attach(WebSocket socket) {
            this.socket = socket;
            socket.binaryMessageHandler(
                            message -> heard.add(message.getByte(0) + message.getString(1, message.length())))
                    .closeHandler(closed -> gone = true);
            socket.frameHandler(frame -> {
                if (frame.isPing()) {
                    pings.incrementAndGet();
                }
            });
        }

        private Future<Void> type(int channel, String text) {
            return socket.writeBinaryMessage(
                    Buffer.buffer().appendByte((byte) channel).appendString(text));
        }

        private boolean gone() {
            return gone;
        }

        private int pings() {
            return pings.get();
        }

        private int status() {
            return socket.closeStatusCode();
        }
    }
}
