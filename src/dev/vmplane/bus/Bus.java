package dev.vmplane.bus;

import dev.vmplane.model.RefusedException;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.eventbus.EventBus;
import io.vertx.core.eventbus.Message;
import io.vertx.core.eventbus.MessageConsumer;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The typed event bus, and the only user of the untyped one. Messages are immutable records and cross it as values:
 * inside one process by reference, because nobody can change them.
 */
public final class Bus {
    /** How long an answer may take when the asker does not say. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    private static final DeliveryOptions LOCAL =
            new DeliveryOptions().setLocalOnly(true).setCodecName(RecordCodec.NAME);

    private final EventBus events;

    public Bus(Vertx vertx) {
        this.events = vertx.eventBus();
        RecordCodec.registerOn(events);
    }

    /** Asks the owner of {@code address}. Fails with {@link RefusedException} when the answer is no. */
    public <Q, A> Future<A> ask(Address<Q, A> address, Q question) {
        return ask(address, question, ANSWER_LIMIT);
    }

    public <Q, A> Future<A> ask(Address<Q, A> address, Q question, Duration limit) {
        var options = new DeliveryOptions(LOCAL).setSendTimeout(limit.toMillis());
        return events.<A>request(address.name(), question, options)
                .map(Message::body)
                .recover(cause -> Future.failedFuture(RefusalReply.received(address.name(), cause)));
    }

    /** Answers every question put to {@code address}, on the caller's event loop. */
    public <Q, A> Future<Void> answer(Address<Q, A> address, Function<Q, Future<A>> handler) {
        MessageConsumer<Q> consumer = events.localConsumer(address.name());
        consumer.handler(message -> answer(message, handler));
        return consumer.completion();
    }

    /** Like {@link #answer}, until the {@link Answering} that this completes with is ended. */
    public <Q, A> Future<Answering> answerForAWhile(Address<Q, A> address, Function<Q, Future<A>> handler) {
        MessageConsumer<Q> consumer = events.localConsumer(address.name());
        consumer.handler(message -> answer(message, handler));
        return consumer.completion().map(ready -> consumer::unregister);
    }

    /** Somebody who answers for as long as a session lasts. */
    @FunctionalInterface
    public interface Answering {
        void end();
    }

    private static <Q, A> void answer(Message<Q> message, Function<Q, Future<A>> handler) {
        Future<A> answer;
        try {
            answer = handler.apply(message.body());
        } catch (RuntimeException defect) {
            answer = Future.failedFuture(defect);
        }
        answer.onComplete(
                body -> message.reply(body, LOCAL), cause -> message.reply(RefusalReply.of(message.address(), cause)));
    }

    /** Tells one fact to everybody who listens. */
    public <T> void publish(Address<T, Void> address, T fact) {
        events.publish(address.name(), fact, LOCAL);
    }

    /** Hears every fact told at {@code address}, in the order of one teller, on the caller's event loop. */
    public <T> Future<Void> listen(Address<T, Void> address, Consumer<T> handler) {
        MessageConsumer<T> consumer = events.localConsumer(address.name());
        consumer.handler(message -> handler.accept(message.body()));
        return consumer.completion();
    }
}
