package dev.vmplane.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.vmplane.image.Manifest.Platform;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ManifestTest {
    private static final String HEX = "0123456789abcdef".repeat(4);
    private static final String CONFIG =
            "{'mediaType':'application/vnd.oci.image.config.v1+json','digest':'sha256:" + HEX + "','size':10}";
    private static final String LAYER =
            "{'mediaType':'application/vnd.oci.image.layer.v1.tar+gzip','digest':'sha256:" + HEX + "','size':7}";

    @Test
    void itsPartsAreRead() {
        var manifest = read("{'schemaVersion':2,'config':" + CONFIG + ",'layers':[" + LAYER + "," + LAYER + "]}");

        assertThat(manifest.layers()).hasSize(2);
        assertThat(manifest.config().hex()).isEqualTo(HEX);
        assertThat(manifest.size().of()).isEqualTo(14);
        assertThat(manifest.size().ofLayers()).isEqualTo(2);
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '|',
            value = {
                "[]; not a JSON object",
                "nonsense; not a JSON object",
                "null; not a JSON object",
                "{'schemaVersion':1}; a format from before 2016",
                "{'schemaVersion':2,'config':CONFIG}; its manifest has no layers",
                "{'schemaVersion':2,'config':CONFIG,'layers':[1]}; layers that are no objects",
                "{'schemaVersion':2,'config':CONFIG,'layers':[{}]}; a part without a SHA-256 digest and a size",
                "{'schemaVersion':2,'config':{'mediaType':'x','digest':'sha256:../../etc/passwd','size':1},'layers':[]};"
                        + " a part without a SHA-256 digest",
                "{'schemaVersion':2,'config':{'mediaType':'helm','digest':'sha256:HEX','size':1},'layers':[]};"
                        + " it holds no image but helm",
                "{'schemaVersion':2,'config':CONFIG,'layers':[{'mediaType':'x','digest':'sha256:HEX','size':-1}]};"
                        + " a part without a SHA-256 digest and a size",
                "{'schemaVersion':2,'config':CONFIG,'layers':[{'mediaType':'squashfs','digest':'sha256:HEX','size':1}]};"
                        + " of the type squashfs",
                "{'schemaVersion':2,'config':CONFIG,'layers':[{'urls':['http://169.254.169.254/'],'digest':'sha256:HEX',"
                        + "'size':1}]}; to be fetched from somewhere else",
                "{'schemaVersion':2,'manifests':[]}; lists another index"
            })
    void isRefused(String document, String reason) {
        var trouble = catchThrowableOfType(ImageTrouble.class, () -> read(document));

        assertThat(trouble).hasMessageContaining(reason);
    }

    @Test
    void whatItAddsUpToIsBounded() {
        var manifest = read("{'schemaVersion':2,'config':" + CONFIG + ",'layers':[" + LAYER + "," + LAYER + "]}");

        var trouble = catchThrowableOfType(ImageTrouble.class, () -> manifest.refuseMoreThan(13));

        assertThat(trouble).hasMessage("its layers have 14 bytes, and this host takes 13 bytes");
    }

    @Test
    void aPlatformThatIsNotOfferedIsNamedWithThoseThatAre() {
        var index = "{'manifests':[{'platform':{'os':'linux','architecture':'arm64'}},"
                + "{'platform':{'os':'windows','architecture':'amd64'}}]}";

        var trouble = catchThrowableOfType(
                ImageTrouble.class, () -> Manifest.choose(bytes(index), new Platform("linux", "amd64")));

        assertThat(trouble).hasMessage("it is made for linux/arm64, windows/amd64, and this host runs linux/amd64");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '|',
            value = {
                "{'config':{'Env':[1]}}; Env holds something else than texts",
                "{'config':{'Cmd':['a\\u0000b']}}; Cmd holds something else than texts",
                "[]; not a JSON object"
            })
    void aConfigurationThatIsNoneIsRefused(String document, String reason) {
        var trouble = catchThrowableOfType(ImageTrouble.class, () -> ImageDocument.read(bytes(document)));

        assertThat(trouble).hasMessageContaining(reason);
    }

    @Test
    void aConfigurationThatSaysNothingIsForThisHost() {
        var image = ImageDocument.read(bytes("{'config':null,'architecture':''}"));

        image.refuseUnlessFor(Platform.ofThisHost());
        assertThat(image.config().cmd()).isEmpty();
        assertThat(image.config().user()).isNull();
    }

    private static Manifest read(String document) {
        return Manifest.read(bytes(document));
    }

    private static byte[] bytes(String document) {
        return document.replace("CONFIG", CONFIG)
                .replace("HEX", HEX)
                .replace('\'', '"')
                .getBytes(UTF_8);
    }
}
