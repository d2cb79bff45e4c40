package dev.vmplane;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.OutputStreamAppender;
import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;

class LogOutputTest {
    private final LoggerContext context = new LoggerContext();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final Logger log = context.getLogger("dev.vmplane.vm.VmRow");

    @BeforeEach
    void write() {
        context.setMDCAdapter(new LogbackMDCAdapter());
        var words = new PatternLayoutEncoder();
        words.setContext(context);
        words.setPattern("%level %msg %kvp%n");
        words.start();
        var output = new OutputStreamAppender<ILoggingEvent>();
        output.setContext(context);
        output.setEncoder(words);
        output.setOutputStream(written);
        output.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(output);
    }

    @Test
    void aLineOfJsonHoldsMessageLevelTimeAndFacts() {
        LogOutput.json(context);
        var before = System.currentTimeMillis();

        log.atInfo().addKeyValue("vm", "vm-1").addKeyValue("pass", 7).log("vm changed \"state\"");

        var lines = written.toString(UTF_8).lines().toList();
        assertThat(lines).hasSize(1);
        var line = new JsonObject(lines.get(0));
        assertThat(line.getString("message")).isEqualTo("vm changed \"state\"");
        assertThat(line.getString("level")).isEqualTo("INFO");
        assertThat(line.getString("loggerName")).isEqualTo("dev.vmplane.vm.VmRow");
        assertThat(line.getLong("timestamp")).isBetween(before, before + 60_000);
        assertThat(line.getJsonArray("kvpList").encode()).isEqualTo("[{\"vm\":\"vm-1\"},{\"pass\":\"7\"}]");
        assertThat(line.fieldNames()).doesNotContain("context", "mdc", "sequenceNumber", "nanoseconds");
    }

    @Test
    void aFailureIsOnTheSameLineWithItsTrace() {
        LogOutput.json(context);

        log.atError().setCause(new IllegalStateException("two\nlines")).log("a pass failed");

        var lines = written.toString(UTF_8).lines().toList();
        assertThat(lines).hasSize(1);
        var thrown = new JsonObject(lines.get(0)).getJsonObject("throwable");
        assertThat(thrown.getString("className")).isEqualTo("java.lang.IllegalStateException");
        assertThat(thrown.getString("message")).isEqualTo("two\nlines");
    }

    @Test
    void otherwiseItStaysAsItIs() {
        LogOutput.use(new Config.Log(Config.Log.Format.TEXT));

        log.atInfo().addKeyValue("vm", "vm-1").log("vm changed state");

        assertThat(written.toString(UTF_8).trim()).isEqualTo("INFO vm changed state vm=\"vm-1\"");
    }
}
