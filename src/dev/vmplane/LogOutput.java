package dev.vmplane;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.OutputStreamAppender;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns the log of this process from words for people into lines of JSON for programs. */
final class LogOutput {
    private LogOutput() {}

    static void use(Config.Log log) {
        switch (log.format()) {
            case TEXT -> {}
            case JSON -> {
                if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
                    json(context);
                }
            }
        }
    }

    /** Whatever goes to a stream is written as JSON from here on. To be called before there are threads that log. */
    static void json(LoggerContext context) {
        for (var output : outputs(context)) {
            output.setEncoder(encoder(context));
        }
    }

    private static List<OutputStreamAppender<ILoggingEvent>> outputs(LoggerContext context) {
        var outputs = new ArrayList<OutputStreamAppender<ILoggingEvent>>();
        context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders().forEachRemaining(appender -> {
            if (appender instanceof OutputStreamAppender<ILoggingEvent> output) {
                outputs.add(output);
            }
        });
        return outputs;
    }

    /** What an event says, and nothing that is the same on every line. */
    private static JsonEncoder encoder(LoggerContext context) {
        var encoder = new JsonEncoder();
        encoder.setContext(context);
        encoder.setWithSequenceNumber(false);
        encoder.setWithNanoseconds(false);
        encoder.setWithContext(false);
        encoder.setWithMDC(false);
        encoder.setWithMarkers(false);
        encoder.setWithArguments(false);
        encoder.start();
        return encoder;
    }
}
