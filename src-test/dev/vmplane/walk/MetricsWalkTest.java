package dev.vmplane.walk;

import static org.assertj.core.api.Assertions.assertThat;

import dev.vmplane.pool.JobUsage;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** What a scrape holds after some work, and that board, alerts and README speak of nothing else. */
class MetricsWalkTest {
    private static final Pattern NAME = Pattern.compile("\\bvmplane_[a-z_]+[a-z]");
    private static final Pattern VM_ID = Pattern.compile("vm-[a-z0-9]{10}");
    private static final Pattern OF_A_HISTOGRAM = Pattern.compile("_(bucket|count|sum|max)$");

    private Plane plane;

    @BeforeEach
    void start() {
        plane = Plane.start();
        plane.post(Plane.web("first", "red"));
        plane.untilState("first", "running");
        plane.until("a VM is warm", () -> plane.warm() == 1);
        plane.post(Plane.web("second", "red"));
        plane.visit("second.localhost", "/env");
        plane.until("another VM is warm", () -> plane.warm() == 1);
    }

    @AfterEach
    void stop() {
        plane.close();
    }

    @Test
    void someWorkLeavesItsTraces() {
        plane.until("all is counted", () -> scrape().contains("vmplane_pool_refill_seconds_count 1\n"));

        assertThat(scrape())
                .contains("vmplane_pool_hits_total 1.0\n")
                .contains("vmplane_pool_misses_total 1.0\n")
                .contains("vmplane_attach_seconds_count 1\n")
                .contains("vmplane_claim_seconds_count 1\n")
                .contains("vmplane_pool_warm_age_seconds_count 1\n")
                .contains("vmplane_boot_seconds_count{backend=\"simulator\"} 3\n")
                .contains("vmplane_ingress_requests_total{job_id=\"second\",outcome=\"2xx\"} 1.0\n")
                .contains(
                        "vmplane_hypervisor_call_seconds_count{backend=\"simulator\",call=\"boot\",outcome=\"done\"} 3\n")
                .doesNotContain("vmplane_store_commit_seconds_count 0\n")
                .doesNotContain("vmplane_reconcile_pass_seconds_count 0\n");
    }

    @Test
    void noSeriesIsNamedAfterAVm() {
        assertThat(scrape().lines().filter(line -> VM_ID.matcher(line).find())).isEmpty();
    }

    @Test
    void theBoardAsksOnlyForWhatIsThere() throws IOException {
        var board = new JsonObject(Files.readString(Path.of("conf", "grafana-board.json")));

        var expressions = board.getJsonArray("panels").stream()
                .map(JsonObject.class::cast)
                .filter(panel -> !panel.getString("type").equals("row"))
                .flatMap(panel -> panel.getJsonArray("targets").stream())
                .map(target -> ((JsonObject) target).getString("expr"))
                .toList();

        assertThat(expressions)
                .isNotEmpty()
                .allMatch(expression -> NAME.matcher(expression).find());
        assertThat(names()).containsAll(namesIn(board.encode()));
    }

    @Test
    void theAlertsAskOnlyForWhatIsThere() throws IOException {
        var text = Files.readString(Path.of("conf", "alerts.yaml"));

        Map<String, Object> rules = new Yaml(new SafeConstructor(new LoaderOptions())).load(text);
        assertThat(rules).containsOnlyKeys("groups");
        assertThat(namesIn(text)).isNotEmpty();
        assertThat(names()).containsAll(namesIn(text));
    }

    @Test
    void theReadmeListsEveryMetricAndNoOther() throws IOException {
        var readme = namesIn(Files.readString(Path.of("README.md"))
                .replaceAll("table inet vmplane_vmplane0|bridge vmplane_vmplane0", ""));

        var families = names().stream()
                .map(name -> OF_A_HISTOGRAM.matcher(name).replaceFirst(""))
                .collect(Collectors.toCollection(TreeSet::new));

        assertThat(new TreeSet<>(readme)).isEqualTo(families);
    }

    private String scrape() {
        return plane.get("/metrics").text();
    }

    /** Simulated VMs have no cgroups to be read: what is shown of those is registered apart. */
    private Set<String> names() {
        var ofCgroups = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        new JobUsage(ofCgroups);
        return (scrape() + ofCgroups.scrape())
                .lines()
                .filter(line -> line.startsWith("vmplane_"))
                .map(line -> line.split("[{ ]", 2)[0])
                .collect(Collectors.toSet());
    }

    private static Set<String> namesIn(String text) {
        return NAME.matcher(text).results().map(found -> found.group()).collect(Collectors.toSet());
    }
}
