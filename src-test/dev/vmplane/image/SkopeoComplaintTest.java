package dev.vmplane.image;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SkopeoComplaintTest {
    private static final String LINE = "time=\"2026-01-01T00:00:00Z\" level=fatal msg=\"Error parsing image name"
            + " \\\"docker://r.example.org/a:1\\\": SAID\"\n";

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '|',
            value = {
                "reading manifest 1 in r/a: manifest unknown: manifest unknown; there is no such image in its registry",
                "reading manifest 1 in r/a: unauthorized: authentication required; does not show it to this host",
                "pinging container registry r: Get \\\"https://r/v2/\\\": http: server gave HTTP response to HTTPS client;"
                        + " registry r.example.org speaks HTTP without TLS",
                "dial tcp: lookup r on 10.0.0.1:53: no such host; registry r.example.org does not answer",
                "dial tcp 10.0.0.1:443: i/o timeout; registry r.example.org does not answer",
                "x509: certificate signed by unknown authority; does not show a certificate that this host trusts",
                "toomanyrequests: You have reached your pull rate limit; lets this host fetch no more for now",
                "write /srv/oci-put-blob1: no space left on device; the disk of this host is full",
                "write /srv/oci-put-blob1: file too large; a part of it is larger",
                "Digest did not match, expected sha256:a, got sha256:b; something else than its digest says"
            })
    void isUnderstood(String said, String reason) {
        var trouble = SkopeoComplaint.understand(LINE.replace("SAID", said), "its registry", "r.example.org");

        assertThat(trouble).hasMessageContaining(reason);
    }

    @Test
    void whatIsNotKnownIsShownWithoutWhatConcernsNobody() {
        var said =
                "odd: Get \\\"https://r/v2/a?token=secret\\\" with /home/me/.docker/config.json and /var/lib/x/y failed";

        var trouble = SkopeoComplaint.understand(LINE.replace("SAID", said), "its archive", "");

        assertThat(trouble).hasMessage("its archive gives: odd: Get \"https://r/v2/a\" with a file and a file failed");
    }

    /** It may have sent us to a machine that only this host can reach, whose words they would be. */
    @Test
    void whatARegistrySaysIsNotPassedOn() {
        var said = "error parsing HTTP 403 response body: \\\"secret of another machine\\\"";

        var trouble = SkopeoComplaint.understand(LINE.replace("SAID", said), "its registry", "r.example.org");

        assertThat(trouble).hasMessage("its registry gives an answer that is not understood: see the log");
    }

    @Test
    void whatIsNoLogIsShownShort() {
        var trouble = SkopeoComplaint.understand("x\ny".repeat(500), "its archive", "");

        assertThat(trouble.getMessage()).hasSizeLessThan(250).doesNotContain("\n");
    }
}
