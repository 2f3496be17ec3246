"""What the programs that dump MySQL databases write, one small synthetic database in the words of each.

Every script holds the table `klant` with the same two people; the rest is what that program is known for.
"""

# ruff: noqa: E501, W291 - as the programs write it

from __future__ import annotations

_PHPMYADMIN = r"""-- phpMyAdmin SQL Dump
-- version 5.2.1
-- https://www.phpmyadmin.net/
--
-- Host: localhost:3306
-- Server version: 10.11.6-MariaDB
-- PHP Version: 8.2.0

SET FOREIGN_KEY_CHECKS=0;
SET SQL_MODE = "NO_AUTO_VALUE_ON_ZERO";
START TRANSACTION;
SET time_zone = "+00:00";


/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET @OLD_CHARACTER_SET_RESULTS=@@CHARACTER_SET_RESULTS */;
/*!40101 SET @OLD_COLLATION_CONNECTION=@@COLLATION_CONNECTION */;
/*!40101 SET NAMES utf8mb4 */;

--
-- Database: `winkel`
--
CREATE DATABASE IF NOT EXISTS `winkel` DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci;
USE `winkel`;

DELIMITER $$
--
-- Procedures
--
DROP PROCEDURE IF EXISTS `tel`$$
CREATE DEFINER=`root`@`localhost` PROCEDURE `tel` (OUT `n` INT)   BEGIN
  -- it's counted; here
  SELECT count(*) INTO n FROM klant;
END$$

DELIMITER ;

-- --------------------------------------------------------

--
-- Stand-in structure for view `alle`
-- (See below for the actual view)
--
DROP VIEW IF EXISTS `alle`;
CREATE TABLE IF NOT EXISTS `alle` (
`id` int(10) unsigned
,`email` varchar(80)
);

-- --------------------------------------------------------

--
-- Table structure for table `klant`
--

DROP TABLE IF EXISTS `klant`;
CREATE TABLE IF NOT EXISTS `klant` (
  `id` int(10) UNSIGNED NOT NULL,
  `achternaam` varchar(60) NOT NULL COMMENT 'de ''naam''',
  `email` varchar(80) DEFAULT NULL,
  `foto` blob DEFAULT NULL,
  `vlag` bit(1) NOT NULL DEFAULT b'0',
  `plaats` point DEFAULT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

--
-- Truncate table before insert `klant`
--

TRUNCATE TABLE `klant`;
--
-- Dumping data for table `klant`
--

INSERT IGNORE INTO `klant` (`id`, `achternaam`, `email`, `foto`, `vlag`, `plaats`) VALUES
(1, 'D\'Haese; van', 'jan.dhaese@firma-een.be', 0x00ff27, b'1', ST_GeomFromText('POINT(1 2)')),
(2, 'Müller \\ (zoon)', 'els.muller@firma-twee.be', NULL, b'0', NULL);

--
-- Triggers `klant`
--
DROP TRIGGER IF EXISTS `bij`;
DELIMITER $$
CREATE TRIGGER `bij` BEFORE INSERT ON `klant` FOR EACH ROW SET NEW.email = lower(NEW.email)
$$
DELIMITER ;

-- --------------------------------------------------------

--
-- Structure for view `alle`
--
DROP TABLE IF EXISTS `alle`;

DROP VIEW IF EXISTS `alle`;
CREATE OR REPLACE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `alle`  AS SELECT `klant`.`id` AS `id`, `klant`.`email` AS `email` FROM `klant` ;

--
-- Indexes for dumped tables
--

--
-- Indexes for table `klant`
--
ALTER TABLE `klant`
  ADD PRIMARY KEY (`id`),
  ADD UNIQUE KEY `mail` (`email`);

--
-- AUTO_INCREMENT for table `klant`
--
ALTER TABLE `klant`
  MODIFY `id` int(10) UNSIGNED NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=3;
SET FOREIGN_KEY_CHECKS=1;
COMMIT;

/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40101 SET CHARACTER_SET_RESULTS=@OLD_CHARACTER_SET_RESULTS */;
/*!40101 SET COLLATION_CONNECTION=@OLD_COLLATION_CONNECTION */;
"""

_HEIDISQL = r"""-- --------------------------------------------------------
-- Host:                         127.0.0.1
-- Server version:               10.11.6-MariaDB - mariadb.org binary distribution
-- Server OS:                    Win64
-- HeidiSQL Version:             12.6.0.6765
-- --------------------------------------------------------

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8 */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;


-- Dumping database structure for winkel
CREATE DATABASE IF NOT EXISTS `winkel` /*!40100 DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci */;
USE `winkel`;

-- Dumping structure for view winkel.alle
-- Creating temporary table to overcome VIEW dependency errors
CREATE TABLE `alle` (
	`id` INT(10) UNSIGNED NOT NULL,
	`email` VARCHAR(80) NULL COLLATE 'utf8mb4_general_ci'
);

-- Dumping structure for event winkel.opruimen
DELIMITER //
CREATE EVENT `opruimen` ON SCHEDULE EVERY 1 DAY STARTS '2024-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE DO DELETE FROM klant WHERE id < 0//
DELIMITER ;

-- Dumping structure for table winkel.klant
CREATE TABLE IF NOT EXISTS `klant` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `achternaam` varchar(60) NOT NULL COMMENT 'de ''naam''',
  `email` varchar(80) DEFAULT NULL,
  `foto` blob DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

-- Dumping data for table winkel.klant: ~2 rows (approximately)
DELETE FROM `klant`;
/*!40000 ALTER TABLE `klant` DISABLE KEYS */;
INSERT INTO `klant` (`id`, `achternaam`, `email`, `foto`) VALUES
	(1, 'D\'Haese; van', 'jan.dhaese@firma-een.be', _binary 0x00ff27),
	(2, 'Müller \\ (zoon)', 'els.muller@firma-twee.be', NULL);
/*!40000 ALTER TABLE `klant` ENABLE KEYS */;

-- Dumping structure for trigger winkel.bij
SET @OLDTMP_SQL_MODE=@@SQL_MODE, SQL_MODE='STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER';
DELIMITER //
CREATE TRIGGER `bij` BEFORE INSERT ON `klant` FOR EACH ROW BEGIN
	SET NEW.email = lower(NEW.email);
END//
DELIMITER ;
SET SQL_MODE=@OLDTMP_SQL_MODE;

-- Dumping structure for view winkel.alle
-- Removing temporary table and create final VIEW structure
DROP TABLE IF EXISTS `alle`;
CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `alle` AS SELECT id, email FROM klant 
;

/*!40103 SET TIME_ZONE=IFNULL(@OLD_TIME_ZONE, 'system') */;
/*!40101 SET SQL_MODE=IFNULL(@OLD_SQL_MODE, '') */;
/*!40014 SET FOREIGN_KEY_CHECKS=IFNULL(@OLD_FOREIGN_KEY_CHECKS, 1) */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
/*!40111 SET SQL_NOTES=IFNULL(@OLD_SQL_NOTES, 1) */;
"""

_ADMINER = r"""-- Adminer 4.8.1 MySQL 10.11.6-MariaDB dump

SET NAMES utf8;
SET time_zone = '+00:00';
SET foreign_key_checks = 0;
SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';

DELIMITER ;;

DROP PROCEDURE IF EXISTS `tel`;;
CREATE PROCEDURE `tel`(OUT `n` int)
BEGIN
  SELECT count(*) INTO n FROM klant;
END;;

DELIMITER ;

SET NAMES utf8mb4;

DROP VIEW IF EXISTS `alle`;
CREATE TABLE `alle` (`id` int(10) unsigned, `email` varchar(80));


DROP TABLE IF EXISTS `klant`;
CREATE TABLE `klant` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `achternaam` varchar(60) NOT NULL,
  `email` varchar(80) DEFAULT NULL,
  `foto` blob DEFAULT NULL,
  `sleutel` binary(4) DEFAULT NULL,
  `vlag` bit(4) DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;

INSERT INTO `klant` (`id`, `achternaam`, `email`, `foto`, `sleutel`, `vlag`) VALUES
(1,	'D\'Haese; van',	'jan.dhaese@firma-een.be',	UNHEX('00FF27'),	UNHEX('61626364'),	CONV('101', 2, 10) + 0),
(2,	'Müller \\ (zoon)',	'els.muller@firma-twee.be',	NULL,	NULL,	NULL)
ON DUPLICATE KEY UPDATE `id` = VALUES(`id`), `achternaam` = VALUES(`achternaam`), `email` = VALUES(`email`), `foto` = VALUES(`foto`);

DROP TABLE IF EXISTS `alle`;
CREATE ALGORITHM=UNDEFINED SQL SECURITY DEFINER VIEW `alle` AS select `klant`.`id` AS `id`,`klant`.`email` AS `email` from `klant`;

-- 2024-01-02 03:04:05
"""

_MYDUMPER = r"""-- MYDUMPER
/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `klant` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `achternaam` varchar(60) NOT NULL,
  `email` varchar(80) DEFAULT NULL,
  `foto` blob,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
/*!40101 SET NAMES binary*/;
/*!40014 SET FOREIGN_KEY_CHECKS=0*/;
/*!40101 SET SQL_MODE='NO_AUTO_VALUE_ON_ZERO,ERROR_FOR_DIVISION_BY_ZERO'*/;
/*!40103 SET TIME_ZONE='+00:00' */;
INSERT INTO `klant` VALUES(1,"D\'Haese; van","jan.dhaese@firma-een.be",0x00ff27)
,(2,"Müller \\ (zoon)","els.muller@firma-twee.be",NULL)
;
"""

_MYSQL8 = r"""-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)
--
-- Host: localhost    Database: winkel
-- ------------------------------------------------------
-- Server version	8.0.36

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!50503 SET NAMES utf8mb4 */;
/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;
/*!40103 SET TIME_ZONE='+00:00' */;
/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;
SET @@SESSION.SQL_LOG_BIN= 0;

--
-- GTID state at the beginning of the backup 
--

SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';

--
-- Table structure for table `klant`
--

DROP TABLE IF EXISTS `klant`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
/*!50503 SET character_set_client = utf8mb4 */;
CREATE TABLE `klant` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `achternaam` varchar(60) COLLATE utf8mb4_0900_ai_ci NOT NULL,
  `email` varchar(80) DEFAULT (concat('x','@y')) COMMENT 'it''s',
  `foto` blob,
  `extra` json DEFAULT NULL,
  `groot` varchar(60) GENERATED ALWAYS AS (upper(`achternaam`)) STORED,
  `geheim` int DEFAULT '3' /*!80023 INVISIBLE */,
  `plek` geometry DEFAULT NULL /*!80003 SRID 4326 */,
  PRIMARY KEY (`id`),
  UNIQUE KEY `mail` ((lower(`email`))),
  KEY `n` (`achternaam` DESC) /*!80000 INVISIBLE */,
  CONSTRAINT `klant_chk_1` CHECK ((`id` > 0)) /*!80016 NOT ENFORCED */
) /*!50100 TABLESPACE `innodb_file_per_table` */ ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci /*!80016 ENCRYPTION='N' */
/*!50100 PARTITION BY HASH (`id`)
PARTITIONS 4 */;
/*!40101 SET character_set_client = @saved_cs_client */;

--
-- Dumping data for table `klant`
--

LOCK TABLES `klant` WRITE;
/*!40000 ALTER TABLE `klant` DISABLE KEYS */;
INSERT INTO `klant` (`id`, `achternaam`, `email`, `foto`, `extra`, `geheim`, `plek`) VALUES (1,'D\'Haese; van','jan.dhaese@firma-een.be',_binary '\0\'','{\"a\": \"b\\\\c\"}',3,_binary '\æ\0\0\0\0\0\0\0\0\0\0ð?'),(2,'Müller \\ (zoon)','els.muller@firma-twee.be',NULL,'[]',3,0xE6100000010100000000);
/*!40000 ALTER TABLE `klant` ENABLE KEYS */;
UNLOCK TABLES;
/*!50003 SET @saved_cs_client      = @@character_set_client */ ;
/*!50003 SET character_set_client  = utf8mb4 */ ;
/*!50003 SET @saved_sql_mode       = @@sql_mode */ ;
/*!50003 SET sql_mode              = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES' */ ;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER `bij` BEFORE INSERT ON `klant` FOR EACH ROW BEGIN
  SET NEW.email = lower(NEW.email);
END */;;
DELIMITER ;
/*!50003 SET sql_mode              = @saved_sql_mode */ ;
/*!50003 SET character_set_client  = @saved_cs_client */ ;
/*!80002 ANALYZE TABLE `klant` UPDATE HISTOGRAM ON `achternaam` WITH 100 BUCKETS */;
SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;

-- Dump completed on 2024-01-02  3:04:05
"""

_SEQUEL = r"""# ************************************************************
# Sequel Ace SQL dump
# Version 20046
#
# Database: winkel
# ************************************************************

/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
SET NAMES utf8mb4;
/*!40111 SET @OLD_SQL_NOTES=@@SQL_NOTES, SQL_NOTES=0 */;


# Dump of table klant; it's here
# ------------------------------------------------------------

DROP TABLE IF EXISTS `klant`;

CREATE TABLE `klant` (
  `id` int(11) unsigned NOT NULL AUTO_INCREMENT,
  `achternaam` varchar(60) NOT NULL DEFAULT '',
  `email` varchar(80) DEFAULT NULL,
  `foto` blob,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

LOCK TABLES `klant` WRITE;
/*!40000 ALTER TABLE `klant` DISABLE KEYS */;

INSERT INTO `klant` (`id`, `achternaam`, `email`, `foto`)
VALUES
	(1,'D\'Haese; van','jan.dhaese@firma-een.be',X'00FF27'),
	(2,'Müller \\ (zoon)','els.muller@firma-twee.be',NULL);

/*!40000 ALTER TABLE `klant` ENABLE KEYS */;
UNLOCK TABLES;


# Replace placeholder table for alle with correct view syntax
# ------------------------------------------------------------

CREATE TABLE `alle` (
   `id` INT(11) UNSIGNED NOT NULL DEFAULT '0'
) ENGINE=MyISAM;

DROP TABLE `alle`;

CREATE ALGORITHM=UNDEFINED DEFINER=`root`@`localhost` SQL SECURITY DEFINER VIEW `alle`
AS SELECT
   `klant`.`id` AS `id`
FROM `klant`;

/*!40111 SET SQL_NOTES=@OLD_SQL_NOTES */;
"""

_NAVICAT = r"""/*
 Navicat Premium Data Transfer

 Source Server         : local
 Source Server Type    : MySQL
 File Encoding         : 65001
*/

SET NAMES utf8mb4;
SET FOREIGN_KEY_CHECKS = 0;

-- ----------------------------
-- Table structure for klant
-- ----------------------------
DROP TABLE IF EXISTS `klant`;
CREATE TABLE `klant`  (
  `id` int UNSIGNED NOT NULL AUTO_INCREMENT,
  `achternaam` varchar(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL COMMENT 'naam',
  `email` varchar(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NULL DEFAULT NULL,
  `foto` blob NULL,
  PRIMARY KEY (`id`) USING BTREE,
  INDEX `n`(`achternaam`(10) ASC) USING BTREE
) ENGINE = InnoDB AUTO_INCREMENT = 3 CHARACTER SET = utf8mb4 COLLATE = utf8mb4_general_ci ROW_FORMAT = Dynamic;

-- ----------------------------
-- Records of klant
-- ----------------------------
BEGIN;
INSERT INTO `klant` (`id`, `achternaam`, `email`, `foto`) VALUES (1, 'D\'Haese; van', 'jan.dhaese@firma-een.be', 0x00FF27);
INSERT INTO `klant` (`id`, `achternaam`, `email`, `foto`) VALUES (2, 'Müller \\ (zoon)', 'els.muller@firma-twee.be', NULL);
COMMIT;

-- ----------------------------
-- Triggers structure for table klant
-- ----------------------------
DROP TRIGGER IF EXISTS `bij`;
delimiter ;;
CREATE TRIGGER `bij` BEFORE INSERT ON `klant` FOR EACH ROW SET NEW.email = lower(NEW.email)
;;
delimiter ;

SET FOREIGN_KEY_CHECKS = 1;
"""

_SQLYOG = r"""/*
SQLyog Community v13.2.0 (64 bit)
MySQL - 8.0.30 : Database - winkel
*********************************************************************
*/

/*!40101 SET NAMES utf8 */;

/*!40101 SET SQL_MODE=''*/;

/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */;
CREATE DATABASE /*!32312 IF NOT EXISTS*/`winkel` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;

USE `winkel`;

/*Table structure for table `klant` */

DROP TABLE IF EXISTS `klant`;

CREATE TABLE `klant` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `achternaam` varchar(60) NOT NULL,
  `email` varchar(80) DEFAULT NULL,
  `foto` blob,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4;

/*Data for the table `klant` */

insert  into `klant`(`id`,`achternaam`,`email`,`foto`) values 

(1,'D\'Haese; van','jan.dhaese@firma-een.be',0x00ff27),

(2,'Müller \\ (zoon)','els.muller@firma-twee.be',NULL);

/* Trigger structure for table `klant` */

DELIMITER $$

/*!50003 DROP TRIGGER*//*!50032 IF EXISTS */ /*!50003 `bij` */$$

/*!50003 CREATE */ /*!50017 DEFINER = 'root'@'localhost' */ /*!50003 TRIGGER `bij` BEFORE INSERT ON `klant` FOR EACH ROW BEGIN
SET NEW.email = lower(NEW.email);
END */$$


DELIMITER ;

/*!40014 SET UNIQUE_CHECKS=@OLD_UNIQUE_CHECKS */;
"""

_OLD = r"""-- MySQL dump 9.11
--
-- Host: localhost    Database: winkel
-- ------------------------------------------------------
-- Server version	4.0.24

--
-- Table structure for table `klant`
--

CREATE TABLE klant (
  id int(10) unsigned NOT NULL auto_increment,
  achternaam varchar(60) NOT NULL default '',
  email varchar(80) default NULL,
  foto blob,
  PRIMARY KEY  (id),
  KEY n (achternaam)
) TYPE=MyISAM;

--
-- Dumping data for table `klant`
--

INSERT INTO klant VALUES (1,'D\'Haese; van','jan.dhaese@firma-een.be','\0\'');
INSERT INTO klant VALUES (2,'Müller \\ (zoon)','els.muller@firma-twee.be',NULL);

"""

SHAPES = {
    "phpMyAdmin": _PHPMYADMIN,
    "HeidiSQL": _HEIDISQL,
    "Adminer": _ADMINER,
    "mydumper": _MYDUMPER,
    "mysqldump 8": _MYSQL8,
    "mysqldump 4": _OLD,
    "Sequel Ace": _SEQUEL,
    "Navicat": _NAVICAT,
    "SQLyog": _SQLYOG,
}
ONLY_MYSQL = ("mysqldump 8", "mysqldump 4")
"""What MariaDB does not load: collations of its own, and a word that is gone."""
