# What `cmake --install` and the Debian package (cpack) put where: the program, the example venues, the specifications
# and the broker settings, in the places of the file system standard.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON) # the tests need not be built for it
include(GNUInstallDirs)
set(shared ${CMAKE_INSTALL_DATADIR}/crowdtide)

install(TARGETS crowdtide RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY deploy/venues/ DESTINATION ${shared}/venues FILES_MATCHING PATTERN "*.yaml" PATTERN "*.md" PATTERN "*.txt")
install(DIRECTORY deploy/payloads/ DESTINATION ${shared}/payloads FILES_MATCHING PATTERN "*.yaml" PATTERN "*.md")
install(DIRECTORY schemas/spec/ DESTINATION ${shared}/spec FILES_MATCHING PATTERN "*.json" PATTERN "*.yaml")
install(DIRECTORY deploy/grafana/dashboards deploy/grafana/provisioning DESTINATION ${shared}/grafana FILES_MATCHING PATTERN "*.json" PATTERN "*.yaml")
install(DIRECTORY deploy/prometheus/ DESTINATION ${shared}/prometheus FILES_MATCHING PATTERN "*.yml")
install(FILES deploy/mosquitto/crowdtide.conf DESTINATION ${shared}/mosquitto)
install(FILES README.md deploy/OPERATIONS.md DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/crowdtide)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/crowdtide RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME crowdtide)
set(CPACK_PACKAGE_VENDOR crowdtide)
set(CPACK_PACKAGE_CONTACT "The crowdtide developers <crowdtide@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "tzdata")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "mosquitto, influxdb, kcat")
include(CPack)
